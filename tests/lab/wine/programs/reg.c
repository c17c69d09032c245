/* Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* reg.exe: stands before Wine's own reg.exe for the one thing that Debian's Wine 8.0 reads otherwise than Windows.
 *
 * In a registry file, the bytes of hex(1), hex(2) and hex(7) are UTF-16 under the header "Windows Registry Editor
 * Version 5.00" and ANSI under REGEDIT4. That Windows goes by the header, also in an ANSI file, is an inference from common
 * practice (docs/evidence.md). Wine goes by the encoding of the file, so in an ANSI file headed 5.00 it takes every byte
 * for a character.
 *
 * reg import FILE of such a file therefore becomes reg import of a UTF-16 copy. Every other command line reaches Wine's
 * reg.exe as it is. Streams and exit code are Wine's in both cases.
 */
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* prefix.py keeps it there: under its own name, Wine would start this program again. */
#define WINES_REG L"C:\\lab\\wine_reg.exe"
#define HEADER "Windows Registry Editor Version 5.00"
#define BYTE_ORDER_MARK 0xfeff
#define LONGEST_LINE 32767
#define COULD_NOT_COPY 253
#define COULD_NOT_START 254

/* The file's bytes with a NUL behind them, for the caller to free; NULL where it cannot be read. */
static char *read_file(const wchar_t *path, DWORD *size)
{
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    char *bytes = NULL;

    if (file == INVALID_HANDLE_VALUE)
        return NULL;
    *size = GetFileSize(file, NULL);
    if (*size != INVALID_FILE_SIZE && (bytes = malloc(*size + 1))) {
        if (ReadFile(file, bytes, *size, size, NULL)) {
            bytes[*size] = 0;
        } else {
            free(bytes);
            bytes = NULL;
        }
    }
    CloseHandle(file);
    return bytes;
}

static BOOL has_header(const char *bytes)
{
    bytes += strspn(bytes, " \t");
    return !strncmp(bytes, HEADER, strlen(HEADER)) && strchr("\r\n", bytes[strlen(HEADER)]);
}

static BOOL write_copy(const char *bytes, DWORD size, const wchar_t *path)
{
    int length = MultiByteToWideChar(CP_ACP, 0, bytes, size, NULL, 0);
    wchar_t *text = malloc((length + 1) * sizeof *text);
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    DWORD written;
    BOOL done = FALSE;

    if (text && file != INVALID_HANDLE_VALUE) {
        text[0] = BYTE_ORDER_MARK;
        MultiByteToWideChar(CP_ACP, 0, bytes, size, text + 1, length);
        done = WriteFile(file, text, (length + 1) * sizeof *text, &written, NULL);
    }
    CloseHandle(file);
    free(text);
    return done;
}

static DWORD hand_over(wchar_t *line)
{
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    DWORD code;

    if (!CreateProcessW(WINES_REG, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process))
        return COULD_NOT_START;
    WaitForSingleObject(process.hProcess, INFINITE);
    GetExitCodeProcess(process.hProcess, &code);
    return code;
}

/* option is what may follow the name of the file: /reg:32 or /reg:64. */
static DWORD import_copy(const char *bytes, DWORD size, const wchar_t *option)
{
    static wchar_t directory[MAX_PATH], path[MAX_PATH], line[LONGEST_LINE];
    DWORD code = COULD_NOT_COPY;

    if (!GetTempPathW(MAX_PATH, directory) || !GetTempFileNameW(directory, L"reg", 0, path))
        return code;
    swprintf(line, LONGEST_LINE, L"reg import \"%ls\" %ls", path, option);
    if (write_copy(bytes, size, path))
        code = hand_over(line);
    DeleteFileW(path);
    return code;
}

int wmain(int argc, wchar_t **argv)
{
    char *bytes = NULL;
    DWORD size;

    if ((argc == 3 || argc == 4) && !_wcsicmp(argv[1], L"import"))
        bytes = read_file(argv[2], &size);
    if (bytes && has_header(bytes))
        return import_copy(bytes, size, argc == 4 ? argv[3] : L"");
    return hand_over(GetCommandLineW());
}
