#pragma once
// libcurl, whose variadic functions Swift does not see, as functions with fixed argument types.
#include <curl/curl.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

typedef size_t (*des_curl_transfer)(char *bytes, size_t size, size_t count, void *context);
typedef int (*des_curl_seek)(void *context, curl_off_t offset, int origin);

static inline CURLcode des_curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode des_curl_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}

/// A string, which libcurl copies, or NULL for the option's default.
static inline CURLcode des_curl_set_string(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode des_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode des_curl_set_headers(CURL *handle, struct curl_slist *list) {
    return curl_easy_setopt(handle, CURLOPT_HTTPHEADER, list);
}

static inline CURLcode des_curl_set_transfer(CURL *handle, CURLoption option, des_curl_transfer function) {
    return curl_easy_setopt(handle, option, function);
}

static inline CURLcode des_curl_set_seek(CURL *handle, des_curl_seek function) {
    return curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, function);
}

static inline CURLcode des_curl_get_long(CURL *handle, CURLINFO info, long *value) {
    return curl_easy_getinfo(handle, info, value);
}

/// What was set with CURLOPT_PRIVATE, or NULL.
static inline void *des_curl_get_context(CURL *handle) {
    char *context = NULL;
    curl_easy_getinfo(handle, CURLINFO_PRIVATE, &context);
    return context;
}

static inline CURLMcode des_curl_set_multi_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

typedef int (*des_curl_socket)(CURL *handle, curl_socket_t socket, int wanted, void *context, void *mark);
typedef int (*des_curl_timer)(CURLM *multi, long milliseconds, void *context);

static inline CURLMcode des_curl_set_multi_callbacks(
    CURLM *multi, des_curl_socket socket, des_curl_timer timer, void *context) {
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer);
    return curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
}

/// The result of a message of the kind CURLMSG_DONE, which lies in a union.
static inline CURLcode des_curl_message_result(const CURLMsg *message) { return message->data.result; }

// Macros that Swift does not see, as constants of the type that the callbacks return.
static const size_t des_curl_read_abort = CURL_READFUNC_ABORT;
static const int des_curl_seek_ok = CURL_SEEKFUNC_OK;
static const int des_curl_seek_fail = CURL_SEEKFUNC_FAIL;
static const int des_curl_error_size = CURL_ERROR_SIZE;

// What a socket is to be watched for (CURL_POLL_*), as epoll has it.
static inline int des_epoll_watch(int epoll, int operation, int descriptor, int wanted) {
    struct epoll_event event = {0};
    event.data.fd = descriptor;
    if (wanted == CURL_POLL_IN || wanted == CURL_POLL_INOUT) event.events |= EPOLLIN;
    if (wanted == CURL_POLL_OUT || wanted == CURL_POLL_INOUT) event.events |= EPOLLOUT;
    return epoll_ctl(epoll, operation, descriptor, &event);
}

/// A counter that wakes whoever waits in epoll each time it is raised, without being read: a descriptor, or -1.
static inline int des_event_create(int epoll) {
    int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.fd = descriptor};
    if (descriptor >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) != 0) {
        close(descriptor);
        return -1;
    }
    return descriptor;
}

static inline void des_event_raise(int descriptor) {
    uint64_t one = 1;
    (void)!write(descriptor, &one, sizeof one);
}

/// A socket that something happened to, and what (CURL_CSELECT_*).
struct des_epoll_action {
    int descriptor;
    int action;
};

/// Waits; the number of actions, or -1 and errno. A time of -1 has no end.
static inline int des_epoll_wait(int epoll, struct des_epoll_action *actions, int count, int milliseconds) {
    struct epoll_event events[64];
    int found = epoll_wait(epoll, events, count < 64 ? count : 64, milliseconds);
    for (int index = 0; index < found; index++) {
        actions[index].descriptor = events[index].data.fd;
        actions[index].action = (events[index].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                                (events[index].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                                (events[index].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
    }
    return found;
}

/// Once a process, before anything else of libcurl.
static inline CURLcode des_curl_initialize(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }
