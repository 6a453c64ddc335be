#pragma once
// Options by which squeue, sacct and scancel choose jobs: each has them under ids of its own.

#include <string>

#include "cli/compat/job_filter.h"
#include "cli/options/option.h"
#include "cli/problem.h"

namespace cli {

/// Ids of options; -1: the command has no such option.
struct FilterIds {
  int jobs = -1;
  int users = -1;
  int names = -1;
  int partitions = -1;
  int accounts = -1;
  int classes = -1;
  int nodes = -1;
  int states = -1;
  int booking = -1;
  int own_jobs = -1;  // of who asks
};

/// What the line says of them. Refused: lists of jobs, nodes or states that are none.
Try<compat::JobFilter> read_filter(const options::Parsed& line, const FilterIds& ids);

/// Of the last option with this id; empty where it is not given.
std::string value_of(const options::Parsed& line, int id);

}  // namespace cli
