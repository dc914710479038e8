// The schema and its numbered migrations.
#pragma once

#include <string>

#include "metadata/sqlite/connection.h"

namespace berth::sqlite {

/// The schema that this program writes.
int newest_schema();

/// The schema it has. Throws Failure(metadata) in one line if the file is not Berth's, or was written by a newer Berth.
long long expect_ours(Connection& connection, const std::string& path);

/// Turns on the write-ahead log and brings the database to this program's schema, each migration in a transaction of
/// its own, so that a crash leaves a whole schema of some version. Throws Failure(metadata) in one line if the file is
/// not Berth's, or was written by a newer Berth; then nothing is touched. Tests make older databases with `up_to`.
void prepare_schema(Connection& connection, const std::string& path, int up_to = newest_schema());

}  // namespace berth::sqlite
