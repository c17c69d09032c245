/* Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* ask.exe: stands in for programs that tell of the server itself (appcmd, net, netsh,
 * netstat, sc, shutdown, tasklist, wmic).
 *
 * Wine's own tell of Wine and of this machine, or nothing. So the lab answers: this program hands its command line over,
 * prints what comes back on both streams, and ends with the exit code that comes back, all 32 bits of it.
 *
 * C:\lab\ask.txt says where: port on the loopback address and token, parted by one blank. All numbers are 32 bits,
 * little-endian:
 *   asked:    token; 1 where standard input is redirected, else 0; code page; bytes of the line; command line, UTF-16LE
 *   answered: exit code; bytes of stdout; bytes of stderr; stdout; stderr
 * Where the program that it stands for would wait for ever, the lab does not answer, and so this one waits too.
 */
#include <winsock2.h>
#include <windows.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define ADDRESS_FILE "C:\\lab\\ask.txt"
#define CODE_PAGE_VARIABLE "LAB_CODE_PAGE"
#define LONGEST_TOKEN 64
#define CHUNK 65536
#define NO_ANSWER 255

struct question {
    DWORD redirected, code_page, size;
};

struct answer {
    DWORD exit_code, stdout_size, stderr_size;
};

static SOCKET connect_to(u_short port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    SOCKET lab = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (lab != INVALID_SOCKET && connect(lab, (struct sockaddr *)&address, sizeof address)) {
        closesocket(lab);
        lab = INVALID_SOCKET;
    }
    return lab;
}

/* A connection to the lab, and the token that it wants first. */
static SOCKET reach_lab(char *token)
{
    FILE *file = fopen(ADDRESS_FILE, "r");
    unsigned port;
    WSADATA data;
    int read;

    if (!file)
        return INVALID_SOCKET;
    read = fscanf(file, "%u %63s", &port, token);
    fclose(file);
    if (read != 2 || WSAStartup(MAKEWORD(2, 2), &data))
        return INVALID_SOCKET;
    return connect_to((u_short)port);
}

/* To NUL (the only character device that is no console), to a file, or to a pipe of cmd.exe, which is a file in Wine's.
 * What WinRS gives a command is a pipe.
 */
static BOOL stdin_is_redirected(void)
{
    HANDLE input = GetStdHandle(STD_INPUT_HANDLE);
    DWORD kind = GetFileType(input), mode;

    return kind == FILE_TYPE_DISK || (kind == FILE_TYPE_CHAR && !GetConsoleMode(input, &mode));
}

static BOOL send_all(SOCKET lab, const void *bytes, int size)
{
    const char *next = bytes;
    int sent;

    for (; size; next += sent, size -= sent)
        if ((sent = send(lab, next, size, 0)) <= 0)
            return FALSE;
    return TRUE;
}

static BOOL ask(SOCKET lab, const char *token, const wchar_t *line)
{
    const char *code_page = getenv(CODE_PAGE_VARIABLE);
    struct question question = {
        .redirected = stdin_is_redirected(),
        .code_page = code_page ? strtoul(code_page, NULL, 10) : CP_UTF8,
        .size = wcslen(line) * sizeof *line,
    };

    return send_all(lab, token, strlen(token)) && send_all(lab, &question, sizeof question)
        && send_all(lab, line, question.size);
}

/* What a stream of the answer holds goes out as it comes in. Whoever reads ours may have gone: that is no failure. */
static BOOL pass_on(SOCKET lab, DWORD size, DWORD stream)
{
    static char chunk[CHUNK];
    DWORD written;
    int received;

    for (; size; size -= received) {
        if ((received = recv(lab, chunk, min(size, CHUNK), 0)) <= 0)
            return FALSE;
        WriteFile(GetStdHandle(stream), chunk, received, &written, NULL);
    }
    return TRUE;
}

static BOOL receive(SOCKET lab, DWORD *exit_code)
{
    struct answer answer;

    if (recv(lab, (char *)&answer, sizeof answer, MSG_WAITALL) != sizeof answer)
        return FALSE;
    *exit_code = answer.exit_code;
    return pass_on(lab, answer.stdout_size, STD_OUTPUT_HANDLE) && pass_on(lab, answer.stderr_size, STD_ERROR_HANDLE);
}

int main(void)
{
    char token[LONGEST_TOKEN];
    DWORD exit_code;
    SOCKET lab = reach_lab(token);

    if (lab != INVALID_SOCKET && ask(lab, token, GetCommandLineW()) && receive(lab, &exit_code))
        ExitProcess(exit_code);
    fprintf(stderr, "tests.lab: no answer to: %ls\n", GetCommandLineW());
    ExitProcess(NO_ANSWER);
}
