#pragma once
// A client of Redis; sds.h and the formatting calls are not used.
#include <hiredis/hiredis.h>
