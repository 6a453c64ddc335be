#pragma once
// What is measured, each beside its floor or peer in the same run (bench/README.md).

#include <string>
#include <string_view>

#include "lib/base/time.h"

namespace bench {

double ms(base::Duration duration);

/// One figure: "name value unit reference ratio".
void print_line(std::string_view name, double value, std::string_view unit, double reference);

/// Prints "name value unit reference ratio" lines.
void submit_round_trip(const std::string& bin);
void submit_to_exit(const std::string& bin);
void trivial_jobs(const std::string& bin, int n);
void mpi_launches(const std::string& bin);  // on one node, up to 16 ranks
void all_launches(const std::string& bin);  // bench/launch
void preemption(const std::string& bin);
void sampling(const std::string& bin);  // bench/node

/// The part of these that runs inside a job: lines of name, our median, unit, that of the other
/// launcher. False if there is no such figure.
bool launches_in_job(const std::string& bin, std::string_view figure, int n_ranks);

}  // namespace bench
