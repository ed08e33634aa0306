/* Answers every HTTP request with 202 and forgets it: an API that does not bound its client.
 *
 *     cc -O2 -pthread http_sink.c -o http_sink
 *
 * Prints "listening on PORT" first. A thread for each connection, kept alive; a request is its
 * head and as many bytes as its Content-Length says.
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

enum { ROOM = 1024 * 1024 };

static const char ANSWER[] =
    "HTTP/1.1 202 Accepted\r\nX-Message-Id: sink\r\nContent-Length: 0\r\n\r\n";

static size_t length_of(char *head) {
    char *found = strcasestr(head, "\r\ncontent-length:");
    return found ? strtoul(found + 17, NULL, 10) : 0;
}

static int asks_to_close(char *head) { return strcasestr(head, "\r\nconnection: close") != NULL; }

static void *serve(void *argument) {
    int fd = (int)(long)argument, closes = 0;
    char *buffer = malloc(ROOM + 1);
    size_t end = 0;
    while (buffer && !closes) {
        char *head_end = NULL;
        buffer[end] = 0;
        while (!(head_end = memmem(buffer, end, "\r\n\r\n", 4))) {
            ssize_t n = end < ROOM ? recv(fd, buffer + end, ROOM - end, 0) : 0;
            if (n <= 0) goto out;
            end += (size_t)n;
            buffer[end] = 0;
        }
        *head_end = 0;
        size_t head = (size_t)(head_end - buffer) + 4, body = length_of(buffer), here = end - head;
        closes = asks_to_close(buffer);
        if (here > body) {
            memmove(buffer, buffer + head + body, here - body);
            end = here - body;
        } else {
            for (size_t left = body - here; left;) {
                ssize_t n = recv(fd, buffer, left < ROOM ? left : ROOM, 0);
                if (n <= 0) goto out;
                left -= (size_t)n;
            }
            end = 0;
        }
        if (send(fd, ANSWER, sizeof ANSWER - 1, MSG_NOSIGNAL) < 0) break;
    }
out:
    free(buffer);
    close(fd);
    return NULL;
}

int main(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 128)) return 1;
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("listening on %d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        pthread_t thread;
        if (fd < 0) continue;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        if (pthread_create(&thread, NULL, serve, (void *)(long)fd)) return 1;
        pthread_detach(thread);
    }
}
