#pragma once
#include <stdint.h>
#include <sql.h>
#include <sqlext.h>
#include <sqlucode.h>

// Attributes whose value is a number in the place of a pointer.

static inline SQLRETURN des_odbc_set_environment_number(SQLHENV environment, SQLINTEGER attribute, SQLULEN value) {
    return SQLSetEnvAttr(environment, attribute, (SQLPOINTER)(uintptr_t)value, SQL_IS_INTEGER);
}

static inline SQLRETURN des_odbc_set_connection_number(SQLHDBC connection, SQLINTEGER attribute, SQLULEN value) {
    return SQLSetConnectAttr(connection, attribute, (SQLPOINTER)(uintptr_t)value, SQL_IS_UINTEGER);
}

static inline SQLRETURN des_odbc_set_statement_number(SQLHSTMT statement, SQLINTEGER attribute, SQLULEN value) {
    return SQLSetStmtAttr(statement, attribute, (SQLPOINTER)(uintptr_t)value, SQL_IS_UINTEGER);
}

static inline SQLRETURN des_odbc_set_statement_pointer(SQLHSTMT statement, SQLINTEGER attribute, void *value) {
    return SQLSetStmtAttr(statement, attribute, (SQLPOINTER)value, SQL_IS_POINTER);
}

// Types of SQL Server that its driver adds.
static const SQLSMALLINT des_odbc_type_datetimeoffset = -155;

// Macros with arithmetic, as constants of the type that the functions take.
static const SQLSMALLINT des_odbc_c_int64 = SQL_C_SBIGINT;
static const SQLSMALLINT des_odbc_c_double = SQL_C_DOUBLE;
static const SQLSMALLINT des_odbc_c_char = SQL_C_CHAR;
static const SQLSMALLINT des_odbc_c_wchar = SQL_C_WCHAR;
static const SQLSMALLINT des_odbc_c_binary = SQL_C_BINARY;
static const SQLSMALLINT des_odbc_c_timestamp = SQL_C_TYPE_TIMESTAMP;
