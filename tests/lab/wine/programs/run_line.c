/* Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* run_line.exe: starts one command line in Windows, character by character as it was given.
 *
 * Wine builds a command line from the Linux arguments and quotes them anew, which breaks quotes inside; and Linux keeps
 * only 8 bits of an exit code. So the line comes in a file, and the code goes into one.
 *
 * run_line.exe DIRECTORY: reads DIRECTORY\line (UTF-16LE), writes DIRECTORY\exit (decimal).
 */
#include <windows.h>
#include <stdio.h>

#define LONGEST_LINE 32767
#define COULD_NOT_READ 253
#define COULD_NOT_START 254

static BOOL read_line(const wchar_t *directory, wchar_t *line)
{
    wchar_t path[MAX_PATH];
    DWORD size = 0;
    HANDLE file;
    BOOL read;

    swprintf(path, MAX_PATH, L"%ls\\line", directory);
    file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return FALSE;
    read = ReadFile(file, line, LONGEST_LINE * sizeof *line, &size, NULL);
    CloseHandle(file);
    line[size / sizeof *line] = 0;
    return read;
}

static void write_exit_code(const wchar_t *directory, DWORD code)
{
    wchar_t path[MAX_PATH];
    char text[16];
    DWORD written;
    HANDLE file;

    swprintf(path, MAX_PATH, L"%ls\\exit", directory);
    file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return;
    WriteFile(file, text, sprintf(text, "%lu", code), &written, NULL);
    CloseHandle(file);
}

int wmain(int argc, wchar_t **argv)
{
    static wchar_t line[LONGEST_LINE + 1];
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    DWORD code;

    if (argc != 2 || !read_line(argv[1], line))
        return COULD_NOT_READ;
    if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, _wgetenv(L"USERPROFILE"), &startup, &process)) {
        write_exit_code(argv[1], GetLastError());
        return COULD_NOT_START;
    }
    WaitForSingleObject(process.hProcess, INFINITE);
    GetExitCodeProcess(process.hProcess, &code);
    write_exit_code(argv[1], code);
    return 0;
}
