#pragma once
// libpq, and the constants and calls of it that Swift does not see.
#include <libpq-fe.h>
#include <sys/eventfd.h>

/// A field of an error report (section "Error and Notice Message Fields" of the protocol), or NULL.
static inline const char *des_pg_error_state(const PGresult *result) { return PQresultErrorField(result, PG_DIAG_SQLSTATE); }
static inline const char *des_pg_error_message(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
}
static inline const char *des_pg_error_detail(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
}
static inline const char *des_pg_error_hint(const PGresult *result) { return PQresultErrorField(result, PG_DIAG_MESSAGE_HINT); }

static inline void des_pg_ignore_notice(void *context, const PGresult *result) {
    (void)context;
    (void)result;
}

/// Keeps notices off the process' stderr.
static inline void des_pg_ignore_notices(PGconn *connection) { PQsetNoticeReceiver(connection, des_pg_ignore_notice, 0); }

/// A counter that a thread can wait for with poll: a descriptor, or -1 and errno.
static inline int des_pg_event(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
