#pragma once
// The world of a command: its terminal, environment, clock and standard streams.

#include <optional>
#include <string>
#include <string_view>

#include "cli/render/records.h"
#include "lib/base/time.h"
#include "lib/model/job.h"

namespace cli {

/// To standard output (buffered) and standard error.
void print(std::string_view text);
void print_error(std::string_view text);

/// Writes out what is buffered; where that fails, says so and gives another exit code than 0.
int finish_output(int exit_code);

/// All bytes to a descriptor, at once. False when nobody reads there any more, or the disk is full.
bool write_all(int fd, std::string_view bytes);

model::Environment environment();
std::optional<std::string> variable(const char* name);

/// The present directory as the shell knows it (by symbolic links, where they lead here).
base::Result<std::string> present_directory();

/// The path of another program of muster, which lies beside this one.
base::Result<std::string> program_beside(std::string_view name);

/// "2026-11-20 13:00:45" in local time.
std::string local_time(base::Time time);

/// Of the user who runs this; the number where that has no name.
std::string own_name();

/// Now, local time, and the width of the terminal if standard output is one.
render::View view();

/// Does somebody read standard error as it comes?
bool is_watched();

void sleep_for(base::Duration duration);

}  // namespace cli
