/* Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* registry.exe: a test's hand in Wine's registry, by the registry functions themselves and not by reg.exe.
 *
 * One request a line on stdin, one answer a line on stdout. Words are parted by one blank; names are UTF-16LE in hex,
 * "-" is the empty word. A key is named by its root's handle in hex (80000002 = HKEY_LOCAL_MACHINE) and its path.
 *
 *   get ROOT PATH NAME             ok TYPE DATA        set ROOT PATH NAME TYPE DATA    ok
 *   create ROOT PATH               ok                  unset ROOT PATH NAME            ok
 *   delete ROOT PATH               ok                  subkeys ROOT PATH               ok NAME...
 *   deny ROOT PATH                 ok   (nobody may read or write the key and what is below it)
 *   allow ROOT PATH                ok   (everybody may again)
 *
 * Anything that fails answers "error CODE" (2 = not found). A test's hand reaches denied keys too: Wine's server checks
 * access when a key is opened, so the key is allowed to everybody for the time of the opening.
 */
#include <windows.h>
#include <sddl.h>
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_REQUEST (8 * 1024 * 1024)
#define LONGEST_NAME 256
#define MOST_WORDS 6
#define NOBODY L"D:P(D;;KA;;;WD)"
#define EVERYBODY L"D:P(A;;KA;;;WD)"

struct request {
    HKEY root;
    wchar_t *path; /* below root */
    wchar_t *name; /* of the value */
    DWORD type;
    BYTE *data;
    DWORD size;
};

static int nibble(char digit)
{
    return digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}

/* Decodes a word into memory that the caller frees, with a wide NUL behind it. */
static BYTE *from_hex(const char *word, DWORD *size)
{
    DWORD length = strcmp(word, "-") ? strlen(word) / 2 : 0, i;
    BYTE *bytes = malloc(length + sizeof(wchar_t));

    for (i = 0; i < length; i++)
        bytes[i] = (BYTE)(nibble(word[2 * i]) << 4 | nibble(word[2 * i + 1]));
    bytes[length] = bytes[length + 1] = 0;
    *size = length;
    return bytes;
}

static wchar_t *name_from(const char *word)
{
    DWORD size;

    return (wchar_t *)from_hex(word, &size);
}

static void put_hex(const void *data, DWORD size)
{
    const BYTE *bytes = data;
    DWORD i;

    putchar(' ');
    if (!size)
        putchar('-');
    for (i = 0; i < size; i++)
        printf("%02x", bytes[i]);
}

/* Perflib\009 opens as a handle that stands for performance data; no access list can be set on it. */
static BOOL is_performance_data(HKEY key)
{
    return key == HKEY_PERFORMANCE_TEXT || key == HKEY_PERFORMANCE_NLSTEXT;
}

static LSTATUS allow(HKEY root, const wchar_t *path, const wchar_t *access_list)
{
    PSECURITY_DESCRIPTOR descriptor;
    LSTATUS status;
    HKEY key;

    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(access_list, SDDL_REVISION_1, &descriptor, NULL))
        return GetLastError();
    if (!(status = RegOpenKeyExW(root, path, 0, WRITE_DAC, &key))) {
        if (!is_performance_data(key))
            status = RegSetKeySecurity(key, DACL_SECURITY_INFORMATION, descriptor);
        RegCloseKey(key);
    }
    LocalFree(descriptor);
    return status;
}

static LSTATUS open_key(HKEY root, const wchar_t *path, REGSAM access, HKEY *key)
{
    LSTATUS status = RegOpenKeyExW(root, path, 0, access, key);

    if (status != ERROR_ACCESS_DENIED || (status = allow(root, path, EVERYBODY)))
        return status;
    status = RegOpenKeyExW(root, path, 0, access, key);
    allow(root, path, NOBODY);
    return status;
}

static LSTATUS open_or_create(struct request *request, REGSAM access, HKEY *key)
{
    LSTATUS status = open_key(request->root, request->path, access, key);

    if (status != ERROR_FILE_NOT_FOUND)
        return status;
    return RegCreateKeyExW(request->root, request->path, 0, NULL, 0, access, NULL, key, NULL);
}

/* Gives the key and all below it the access list, from the leaves up. */
static LSTATUS allow_tree(HKEY root, const wchar_t *path, const wchar_t *access_list)
{
    wchar_t name[LONGEST_NAME];
    DWORD index, length = LONGEST_NAME;
    LSTATUS status;
    HKEY key;

    if ((status = open_key(root, path, KEY_ENUMERATE_SUB_KEYS, &key)))
        return status;
    for (index = 0; !status && !RegEnumKeyExW(key, index, name, &length, NULL, NULL, NULL, NULL); index++) {
        status = allow_tree(key, name, access_list);
        length = LONGEST_NAME;
    }
    RegCloseKey(key);
    return status ? status : allow(root, path, access_list);
}

static LSTATUS get_value(struct request *request)
{
    DWORD type, size = 0;
    BYTE *data;
    LSTATUS status;
    HKEY key;

    if ((status = open_key(request->root, request->path, KEY_QUERY_VALUE, &key)))
        return status;
    status = RegQueryValueExW(key, request->name, NULL, &type, NULL, &size);
    if (!status) {
        data = malloc(size + 1);
        status = RegQueryValueExW(key, request->name, NULL, &type, data, &size);
        if (!status) {
            printf("ok %lu", type);
            put_hex(data, size);
        }
        free(data);
    }
    RegCloseKey(key);
    return status;
}

static LSTATUS set_value(struct request *request)
{
    LSTATUS status;
    HKEY key;

    if ((status = open_or_create(request, KEY_SET_VALUE, &key)))
        return status;
    status = RegSetValueExW(key, request->name, 0, request->type, request->data, request->size);
    RegCloseKey(key);
    return status;
}

static LSTATUS create_key(struct request *request)
{
    HKEY key;
    LSTATUS status = open_or_create(request, KEY_READ, &key);

    if (!status)
        RegCloseKey(key);
    return status;
}

static LSTATUS unset_value(struct request *request)
{
    LSTATUS status;
    HKEY key;

    if ((status = open_key(request->root, request->path, KEY_SET_VALUE, &key)))
        return status;
    status = RegDeleteValueW(key, request->name);
    RegCloseKey(key);
    return status;
}

static LSTATUS delete_key(struct request *request)
{
    LSTATUS status = allow_tree(request->root, request->path, EVERYBODY);

    return status ? status : RegDeleteTreeW(request->root, request->path);
}

static LSTATUS list_subkeys(struct request *request)
{
    wchar_t name[LONGEST_NAME];
    DWORD index, length = LONGEST_NAME;
    LSTATUS status;
    HKEY key;

    if ((status = open_key(request->root, request->path, KEY_ENUMERATE_SUB_KEYS, &key)))
        return status;
    printf("ok");
    for (index = 0; !RegEnumKeyExW(key, index, name, &length, NULL, NULL, NULL, NULL); index++) {
        put_hex(name, length * sizeof *name);
        length = LONGEST_NAME;
    }
    RegCloseKey(key);
    return ERROR_SUCCESS;
}

static LSTATUS deny_key(struct request *request)
{
    return allow_tree(request->root, request->path, NOBODY);
}

static LSTATUS allow_key(struct request *request)
{
    return allow_tree(request->root, request->path, EVERYBODY);
}

static const struct {
    const char *verb;
    int words;
    BOOL answers;
    LSTATUS (*act)(struct request *);
} verbs[] = {
    {"get", 4, TRUE, get_value},      {"set", 6, FALSE, set_value},      {"create", 3, FALSE, create_key},
    {"unset", 4, FALSE, unset_value}, {"delete", 3, FALSE, delete_key},  {"subkeys", 3, TRUE, list_subkeys},
    {"deny", 3, FALSE, deny_key},     {"allow", 3, FALSE, allow_key},
};

static LSTATUS carry_out(int count, char **words, LSTATUS (*act)(struct request *))
{
    struct request request = {.root = (HKEY)(LONG_PTR)(LONG)strtoul(words[1], NULL, 16)};
    LSTATUS status;

    request.path = name_from(words[2]);
    if (count > 3)
        request.name = name_from(words[3]);
    if (count > 5) {
        request.type = strtoul(words[4], NULL, 10);
        request.data = from_hex(words[5], &request.size);
    }
    status = act(&request);
    free(request.path);
    free(request.name);
    free(request.data);
    return status;
}

static void answer(char *line)
{
    char *words[MOST_WORDS], *word;
    LSTATUS status = ERROR_INVALID_PARAMETER;
    int count = 0;
    size_t i;

    for (word = strtok(line, " \n"); word && count < MOST_WORDS; word = strtok(NULL, " \n"))
        words[count++] = word;
    for (i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (count != verbs[i].words || strcmp(words[0], verbs[i].verb))
            continue;
        status = carry_out(count, words, verbs[i].act);
        if (!status && !verbs[i].answers)
            printf("ok");
        break;
    }
    if (status)
        printf("error %ld", status);
    putchar('\n');
    fflush(stdout);
}

int main(void)
{
    static char line[LONGEST_REQUEST];

    _setmode(_fileno(stdin), _O_BINARY);
    _setmode(_fileno(stdout), _O_BINARY);
    while (fgets(line, sizeof line, stdin))
        answer(line);
    return 0;
}
