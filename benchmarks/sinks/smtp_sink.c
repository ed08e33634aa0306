/* Takes mail as fast as it comes and forgets it: a server that does not bound its client.
 *
 *     cc -O2 -pthread smtp_sink.c -o smtp_sink                       plain text
 *     cc -O2 -pthread -DTLS smtp_sink.c -o smtp_sink -lssl -lcrypto  TLS from the first byte
 *     smtp_sink [CERTIFICATE.pem]        (certificate and key in one file)
 *
 * Prints "listening on PORT" first. A thread for each connection, pipelining offered, every
 * command taken. It reads commands as lines and messages up to CRLF . CRLF, and looks at
 * nothing else: no server to learn from, only one to measure against.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#ifdef TLS
#include <openssl/ssl.h>
#endif

enum { ROOM = 512 * 1024, MOST_ANSWERS = 64 * 1024 };

typedef struct {
    int fd;
#ifdef TLS
    SSL *ssl;
#endif
    char answers[MOST_ANSWERS];
    size_t answered;
} Connection;

#ifdef TLS
static SSL_CTX *tls;
#endif

static ssize_t receive(Connection *c, char *into, size_t room) {
#ifdef TLS
    return SSL_read(c->ssl, into, (int)room);
#else
    return recv(c->fd, into, room, 0);
#endif
}

/* Everything that the last read was worth, in one write. */
static int flush(Connection *c) {
    size_t written = 0;
    while (written < c->answered) {
#ifdef TLS
        ssize_t n = SSL_write(c->ssl, c->answers + written, (int)(c->answered - written));
#else
        ssize_t n = send(c->fd, c->answers + written, c->answered - written, MSG_NOSIGNAL);
#endif
        if (n <= 0) return 0;
        written += (size_t)n;
    }
    c->answered = 0;
    return 1;
}

static void answer(Connection *c, const char *line) {
    size_t length = strlen(line);
    if (c->answered + length < MOST_ANSWERS) {
        memcpy(c->answers + c->answered, line, length);
        c->answered += length;
    }
}

/* The answer to one command: 1 to go on, 2 if a message follows, 0 at the end. */
static int obey(Connection *c, const char *line) {
    if (!strncasecmp(line, "DATA", 4)) return answer(c, "354 go on\r\n"), 2;
    if (!strncasecmp(line, "QUIT", 4)) return answer(c, "221 bye\r\n"), 0;
    if (!strncasecmp(line, "EHLO", 4))
        return answer(c, "250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n"), 1;
    return answer(c, "250 ok\r\n"), 1;
}

static void talk(Connection *c) {
    char *buffer = malloc(ROOM);
    size_t start = 0, end = 0, searched = 0;
    int state = 1;
    answer(c, "220 sink\r\n");
    while (buffer && flush(c) && state) {
        if (start == end && state == 1) start = end = searched = 0;
        if (end == ROOM) { /* a message longer than that: only what may be its end is kept */
            size_t kept = end - start < ROOM / 2 ? end - start : 4;
            memmove(buffer, buffer + end - kept, kept);
            start = searched = 0;
            end = kept;
        }
        ssize_t n = receive(c, buffer + end, ROOM - end);
        if (n <= 0) break;
        end += (size_t)n;
        while (state && start < end) {
            if (state == 2) {
                char *dot = memmem(buffer + searched, end - searched, "\r\n.\r\n", 5);
                if (!dot) {
                    if (end - searched > 4) searched = end - 4;
                    break;
                }
                start = (size_t)(dot - buffer) + 5;
                answer(c, "250 queued\r\n");
                state = 1;
                continue;
            }
            char *line_end = memchr(buffer + start, '\n', end - start);
            if (!line_end) break;
            *line_end = 0;
            state = obey(c, buffer + start);
            *line_end = '\n';
            start = (size_t)(line_end - buffer) + 1;
            searched = start - 2; /* a lone dot ends an empty message */
        }
    }
    flush(c);
    free(buffer);
}

static void *serve(void *argument) {
    Connection *c = argument;
#ifdef TLS
    c->ssl = SSL_new(tls);
    SSL_set_fd(c->ssl, c->fd);
    if (SSL_accept(c->ssl) == 1) talk(c);
    SSL_free(c->ssl);
#else
    talk(c);
#endif
    close(c->fd);
    free(c);
    return NULL;
}

int main(int count, char **arguments) {
    (void)count;
    (void)arguments;
#ifdef TLS
    tls = SSL_CTX_new(TLS_server_method());
    if (count < 2 || SSL_CTX_use_certificate_chain_file(tls, arguments[1]) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls, arguments[1], SSL_FILETYPE_PEM) != 1) {
        fprintf(stderr, "usage: smtp_sink CERTIFICATE.pem\n");
        return 2;
    }
#endif
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 128)) return 1;
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("listening on %d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) continue;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        Connection *c = calloc(1, sizeof *c);
        pthread_t thread;
        if (!c) return 1;
        c->fd = fd;
        if (pthread_create(&thread, NULL, serve, c)) return 1;
        pthread_detach(thread);
    }
}
