#pragma once
// libcurl, whose variadic functions Swift does not see, as functions with fixed argument types.
#include <curl/curl.h>

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

/// The result of a message of the kind CURLMSG_DONE, which lies in a union.
static inline CURLcode des_curl_message_result(const CURLMsg *message) { return message->data.result; }

// Macros that Swift does not see, as constants of the type that the callbacks return.
static const size_t des_curl_read_abort = CURL_READFUNC_ABORT;
static const int des_curl_seek_ok = CURL_SEEKFUNC_OK;
static const int des_curl_seek_fail = CURL_SEEKFUNC_FAIL;
static const int des_curl_error_size = CURL_ERROR_SIZE;

/// Once a process, before anything else of libcurl.
static inline CURLcode des_curl_initialize(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }
