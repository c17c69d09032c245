/* Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* findstr.exe: a stand-in for Windows' findstr, which Debian's Wine 8.0 ships as a stub that prints nothing.
 *
 * As documented (Microsoft's command reference; StackOverflow 8844868 for what the reference leaves out):
 * - "^" as the only search string matches every line and so copies the input;
 * - on Windows 7 / 2008 R2 and before, a last line of piped input without its line feed gets CR LF;
 * - lines over 8,191 bytes are cut;
 * - /c:"text" searches for the text with its blanks, other strings are split at blanks; /l, /i, /x, /b, /e, /v, /n;
 * - exit code 0 = found, 1 = not found, 2 = used wrongly.
 * Other regular expressions than ^ are not understood: exit code 2. Files as well as piped input are read.
 */
#include <windows.h>
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <string.h>

#define LONGEST_LINE 8191
#define MOST_STRINGS 64
#define REGULAR_EXPRESSION ".*[]^$\\"

struct search {
    BOOL ignore_case, whole_line, at_begin, at_end, inverted, numbered, literal, every_line;
    char *strings[MOST_STRINGS];
    int count;
};

static BOOL same(const struct search *search, const char *a, const char *b, size_t length)
{
    return (search->ignore_case ? _strnicmp(a, b, length) : memcmp(a, b, length)) == 0;
}

static BOOL holds(const struct search *search, const char *line, size_t length, const char *text)
{
    size_t wanted = strlen(text), start;

    if (wanted > length || (search->whole_line && wanted != length))
        return FALSE;
    if (search->at_begin || search->whole_line)
        return same(search, line, text, wanted);
    if (search->at_end)
        return same(search, line + length - wanted, text, wanted);
    for (start = 0; start + wanted <= length; start++)
        if (same(search, line + start, text, wanted))
            return TRUE;
    return FALSE;
}

static BOOL matches(const struct search *search, const char *line, size_t length)
{
    BOOL found = search->every_line;
    int i;

    for (i = 0; !found && i < search->count; i++)
        found = holds(search, line, length, search->strings[i]);
    return found != search->inverted;
}

/* One line without its line end; -1 at the end of the input. What is over the limit is dropped. */
static int read_line(FILE *input, char *line)
{
    int length = 0, byte = getc(input);

    if (byte == EOF)
        return -1;
    for (; byte != EOF && byte != '\n'; byte = getc(input))
        if (length < LONGEST_LINE)
            line[length++] = (char)byte;
    return length && line[length - 1] == '\r' ? length - 1 : length;
}

static BOOL search_file(const struct search *search, FILE *input, const char *name)
{
    static char line[LONGEST_LINE];
    BOOL found = FALSE;
    int length, number = 0;

    while ((length = read_line(input, line)) >= 0) {
        number++;
        if (!matches(search, line, length))
            continue;
        found = TRUE;
        if (name)
            printf("%s:", name);
        if (search->numbered)
            printf("%d:", number);
        fwrite(line, 1, length, stdout);
        fwrite("\r\n", 1, 2, stdout);
    }
    return found;
}

static BOOL add_string(struct search *search, char *text)
{
    if (search->count == MOST_STRINGS)
        return FALSE;
    search->strings[search->count++] = text;
    return TRUE;
}

/* The search strings of an argument that is not /c: each word is one. FALSE where it holds a regular expression. */
static BOOL add_words(struct search *search, char *text)
{
    char *word;

    if (!strcmp(text, "^") && !search->literal)
        return search->every_line = TRUE;
    if (!search->literal && strpbrk(text, REGULAR_EXPRESSION))
        return FALSE;
    for (word = strtok(text, " "); word; word = strtok(NULL, " "))
        if (!add_string(search, word))
            return FALSE;
    return TRUE;
}

static BOOL add_option(struct search *search, char *option)
{
    if (!_strnicmp(option, "c:", 2))
        return add_string(search, option + 2);
    for (; *option; option++)
        switch (*option | 0x20) {
        case 'b': search->at_begin = TRUE; break;
        case 'e': search->at_end = TRUE; break;
        case 'i': search->ignore_case = TRUE; break;
        case 'l': search->literal = TRUE; break;
        case 'n': search->numbered = TRUE; break;
        case 'v': search->inverted = TRUE; break;
        case 'x': search->whole_line = TRUE; break;
        default: return FALSE;
        }
    return TRUE;
}

static BOOL search_files(const struct search *search, int count, char **names)
{
    BOOL found = FALSE;
    FILE *input;
    int i;

    for (i = 0; i < count; i++) {
        if (!(input = fopen(names[i], "rb"))) {
            fprintf(stderr, "FINDSTR: Cannot open %s\r\n", names[i]);
            continue;
        }
        found |= search_file(search, input, count > 1 ? names[i] : NULL);
        fclose(input);
    }
    return found;
}

int main(int argc, char **argv)
{
    static struct search search;
    BOOL found;
    int i = 1;

    _setmode(_fileno(stdin), _O_BINARY);
    _setmode(_fileno(stdout), _O_BINARY);
    _setmode(_fileno(stderr), _O_BINARY);
    for (; i < argc && argv[i][0] == '/'; i++)
        if (!add_option(&search, argv[i] + 1))
            return fprintf(stderr, "FINDSTR: /%s ignored\r\n", argv[i] + 1), 2;
    if (!search.count && (i == argc || !add_words(&search, argv[i++])))
        return fprintf(stderr, "FINDSTR: Bad command line\r\n"), 2;
    found = i < argc ? search_files(&search, argc - i, argv + i) : search_file(&search, stdin, NULL);
    return found ? 0 : 1;
}
