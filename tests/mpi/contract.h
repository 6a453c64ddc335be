#pragma once
// What holds for programs of every MPI library, as tests/mpi/program.c uses it.

#include <string>

#include "tests/mpi/step_harness.h"

namespace launcher_test {

/// Each rank of steps on one node and on several knows its number and how many there are.
void check_hello(const std::string& program, const Prefix& prefix = {});

/// Ranks reach each other inside a node and between nodes.
void check_messages(const std::string& program, const Prefix& prefix = {});

}  // namespace launcher_test
