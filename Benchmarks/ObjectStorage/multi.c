/* Reads ranges of a URL by libcurl alone, many at a time, as s3-benchmark does by our client, and prints how fast that was.
 *
 *   multi poll|epoll URL OBJECT-SIZE RANGE-SIZE REQUESTS IN-FLIGHT
 *
 * Handles and connections are kept; nothing is signed. poll: curl_multi_perform and curl_multi_poll, as simple as it gets;
 * epoll: curl_multi_socket_action, which is quicker with many in flight. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

static CURLM *multi;
static long object_size, range_size, requests, next, finished, received;
static int epoll = -1;
static long timeout = -1;

static void check(int is_good, const char *what) {
    if (!is_good) {
        fprintf(stderr, "multi: %s\n", what);
        exit(1);
    }
}

static size_t take(char *bytes, size_t size, size_t count, void *context) {
    memcpy((char *)context, bytes, size * count <= CURL_MAX_WRITE_SIZE ? size * count : 0);
    received += (long)(size * count);
    return size * count;
}

static int watch(CURL *easy, curl_socket_t socket, int wanted, void *context, void *known) {
    (void)easy, (void)context;
    struct epoll_event event = {.data.fd = socket};
    if (wanted & CURL_POLL_IN) event.events |= EPOLLIN;
    if (wanted & CURL_POLL_OUT) event.events |= EPOLLOUT;
    int action = wanted == CURL_POLL_REMOVE ? EPOLL_CTL_DEL : known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    epoll_ctl(epoll, action, socket, &event);
    curl_multi_assign(multi, socket, wanted == CURL_POLL_REMOVE ? NULL : &epoll);
    return 0;
}

static int set_timer(CURLM *handle, long milliseconds, void *context) {
    (void)handle, (void)context;
    timeout = milliseconds;
    return 0;
}

/* Begins the next request; offset 0 while the connections are made. */
static void begin(CURL *easy, long number) {
    char range[64];
    long offset = (long)((unsigned)number * 2654435761u) % (object_size / range_size) * range_size;
    snprintf(range, sizeof range, "%ld-%ld", offset, offset + range_size - 1);
    curl_easy_setopt(easy, CURLOPT_RANGE, range);
    check(curl_multi_add_handle(multi, easy) == CURLM_OK, "cannot add a handle");
}

static void collect(void) {
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(multi, &left))) {
        if (message->msg != CURLMSG_DONE) continue;
        CURL *easy = message->easy_handle;
        long status = 0;
        check(message->data.result == CURLE_OK, curl_easy_strerror(message->data.result));
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        check(status == 206, "another status than 206");
        curl_multi_remove_handle(multi, easy);
        finished++;
        if (next < requests) begin(easy, next++);
    }
}

/* Carries requests until so many have ended. */
static void run(long count) {
    struct epoll_event events[64];
    int running;
    while (finished < count) {
        if (epoll < 0) {
            check(curl_multi_perform(multi, &running) == CURLM_OK, "cannot perform");
            collect();
            if (finished < count) curl_multi_poll(multi, NULL, 0, 1000, NULL);
            continue;
        }
        int ready = epoll_wait(epoll, events, 64, timeout < 0 ? 1000 : (int)timeout);
        if (ready == 0) {
            timeout = -1;
            curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
        }
        for (int index = 0; index < ready; index++) {
            int action = (events[index].events & EPOLLIN ? CURL_CSELECT_IN : 0)
                         | (events[index].events & EPOLLOUT ? CURL_CSELECT_OUT : 0)
                         | (events[index].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
            curl_multi_socket_action(multi, events[index].data.fd, action, &running);
        }
        collect();
    }
}

static double now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int count, char **words) {
    check(count == 7, "usage: multi poll|epoll URL OBJECT-SIZE RANGE-SIZE REQUESTS IN-FLIGHT");
    object_size = atol(words[3]);
    range_size = atol(words[4]);
    long wanted = atol(words[5]), in_flight = atol(words[6]);
    check(range_size > 0 && object_size >= range_size && wanted > 0 && in_flight > 0, "wrong numbers");
    curl_global_init(CURL_GLOBAL_DEFAULT);
    multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 2 * in_flight);
    if (!strcmp(words[1], "epoll")) {
        epoll = epoll_create1(EPOLL_CLOEXEC);
        curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch);
        curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, set_timer);
    }
    CURL **handles = calloc((size_t)in_flight, sizeof *handles);
    for (long index = 0; index < in_flight; index++) {
        CURL *easy = handles[index] = curl_easy_init();
        curl_easy_setopt(easy, CURLOPT_URL, words[2]);
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, malloc(CURL_MAX_WRITE_SIZE));
        begin(easy, 0);
    }
    /* The connections are made before it counts. */
    run(in_flight);
    finished = received = 0;
    requests = wanted;
    double start = now(CLOCK_MONOTONIC), processor = now(CLOCK_PROCESS_CPUTIME_ID);
    for (long index = 0; index < in_flight && next < requests; index++) begin(handles[index], next++);
    run(requests);
    double seconds = now(CLOCK_MONOTONIC) - start;
    processor = now(CLOCK_PROCESS_CPUTIME_ID) - processor;
    check(received == requests * range_size, "another number of bytes came");
    printf("{\"seconds\": %.6f, \"cpu\": %.6f}\n", seconds, processor);
    return 0;
}
