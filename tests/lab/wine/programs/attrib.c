/* Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* attrib.exe: stands before Wine's own attrib.exe, which obeys only the last of several switches with the same sign.
 *
 * Each switch becomes a run of Wine's attrib.exe. What Microsoft's reference says of a hidden or system file is kept:
 * nothing else of it changes unless that attribute is named as well. Its words for that are not used here.
 */
#include <windows.h>
#include <stdio.h>
#include <wchar.h>

/* prefix.py keeps it there: under its own name, Wine would start this program again. */
#define WINES_ATTRIB L"C:\\lab\\wine_attrib.exe"
#define LONGEST_LINE 32767
#define COULD_NOT_START 254

static DWORD hand_over(const wchar_t *change, const wchar_t *name)
{
    static wchar_t line[LONGEST_LINE];
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    DWORD code;

    swprintf(line, LONGEST_LINE, L"attrib %ls \"%ls\"", change, name);
    if (!CreateProcessW(WINES_ATTRIB, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process))
        return COULD_NOT_START;
    WaitForSingleObject(process.hProcess, INFINITE);
    GetExitCodeProcess(process.hProcess, &code);
    return code;
}

static BOOL is_change(const wchar_t *word)
{
    return word[0] == '+' || word[0] == '-';
}

/* Whether an attribute of the file is named by no switch. */
static BOOL in_the_way(int argc, wchar_t **argv, DWORD attributes, DWORD bit, wchar_t letter)
{
    int i;

    if (attributes == INVALID_FILE_ATTRIBUTES || !(attributes & bit))
        return FALSE;
    for (i = 1; i < argc; i++)
        if (is_change(argv[i]) && towlower(argv[i][1]) == letter)
            return FALSE;
    return TRUE;
}

int wmain(int argc, wchar_t **argv)
{
    const wchar_t *name = L"";
    DWORD attributes, code = 0;
    int i, changes = 0;

    for (i = 1; i < argc; i++)
        if (is_change(argv[i]))
            changes++;
        else
            name = argv[i];
    if (!changes)
        return hand_over(L"", name);
    attributes = GetFileAttributesW(name);
    if (in_the_way(argc, argv, attributes, FILE_ATTRIBUTE_HIDDEN, 'h')
        || in_the_way(argc, argv, attributes, FILE_ATTRIBUTE_SYSTEM, 's')) {
        wprintf(L"(lab) %ls is hidden or a system file and stays as it is.\n", name);
        return 0;
    }
    for (i = 1; i < argc && !code; i++)
        if (is_change(argv[i]))
            code = hand_over(argv[i], name);
    return code;
}
