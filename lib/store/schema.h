#pragma once
// The tables of a journal's file: made, or checked to be ours and not newer than we are. Private to
// this folder.

#include "lib/base/result.h"
#include "lib/store/database.h"

namespace store {

/// Of a writer: makes the tables in an empty file. errors: corrupt, conflict, io
base::Result<void> prepare_schema(Database& database);

/// Of a reader. errors: the same
base::Result<void> check_schema(Database& database);

}  // namespace store
