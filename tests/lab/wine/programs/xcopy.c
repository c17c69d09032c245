/* Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* xcopy.exe: stands before Wine's own xcopy.exe, which knows neither /o nor /x: permissions are nothing to Wine.
 *
 * Both switches are dropped. Where the target does not exist, xcopy asks whether it is a file or a directory. Nobody
 * answers here, and Wine's would ask for ever: exit code 4, nothing copied.
 */
#include <windows.h>
#include <stdio.h>
#include <wchar.h>

/* prefix.py keeps it there: under its own name, Wine would start this program again. */
#define WINES_XCOPY L"C:\\lab\\wine_xcopy.exe"
#define LONGEST_LINE 32767
#define NOT_COPIED 4
#define COULD_NOT_START 254

static DWORD hand_over(wchar_t *line)
{
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    DWORD code;

    if (!CreateProcessW(WINES_XCOPY, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process))
        return COULD_NOT_START;
    WaitForSingleObject(process.hProcess, INFINITE);
    GetExitCodeProcess(process.hProcess, &code);
    return code;
}

int wmain(int argc, wchar_t **argv)
{
    static wchar_t line[LONGEST_LINE];
    const wchar_t *target = NULL;
    int i, length = swprintf(line, LONGEST_LINE, L"xcopy"), names = 0;

    for (i = 1; i < argc; i++) {
        if (!_wcsicmp(argv[i], L"/o") || !_wcsicmp(argv[i], L"/x"))
            continue;
        if (argv[i][0] != '/' && ++names == 2)
            target = argv[i];
        length += swprintf(line + length, LONGEST_LINE - length, argv[i][0] == '/' ? L" %ls" : L" \"%ls\"", argv[i]);
    }
    if (target && GetFileAttributesW(target) == INVALID_FILE_ATTRIBUTES)
        return fwprintf(stderr, L"(lab) %ls is not there, and nobody says what it is to be.\n", target), NOT_COPIED;
    return hand_over(line);
}
