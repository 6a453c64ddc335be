#pragma once
// mpirun and mpiexec inside a job: the options of Open MPI's, MPICH's (hydra) and HPE's (PALS)
// starters as the command line of `muster run`, so that job scripts start their ranks on the job's
// own cores.

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/result.h"

namespace request {

/// What an option of such a starter becomes.
struct MpiOption {
  std::string_view names;        // without dashes, parted by blanks; one dash or two, all the same
  std::string_view placeholder;  // of its value; empty: it takes none
  enum class Meaning {
    option,       // that option of muster run, with the value
    flag,         // that flag of muster run
    map_by,       // Open MPI's --map-by with its modifiers
    cpu_bind,     // PALS has other words for some of muster run's
    input,        // rank 0's standard input
    variable,     // NAME=VALUE, NAME VALUE, or NAME as it is here
    parameter,    // NAME VALUE: a parameter of Open MPI
    granted,      // it is so without asking
    without_use,  // said on standard error
    refused,
  } meaning;
  std::string_view target;  // of muster run: "--ntasks"
  std::string_view help;    // a sentence
};

/// In the order of the manual.
std::span<const MpiOption> mpi_options();

/// Whether a program of this name is such a starter: mpirun, mpiexec, mpiexec.hydra ...
bool is_mpi_starter(std::string_view name);

struct MpiCommand {
  std::vector<std::string> run;                                  // what follows `muster run`
  std::vector<std::pair<std::string, std::string>> environment;  // to be set for it
  std::vector<std::string> passed_on;                            // names of variables as they are
  std::vector<std::string> notes;                                // what an option did not do
};

/// words    what follows the starter's name; options end at the first word without a dash
/// errors   invalid, naming the word: an option that nothing stands for, a value that is missing or
///          that muster run has no words for, several programs parted by ':'
/// source   mpirun(1) of Open MPI 4.1 and 5.0, mpiexec(1) of MPICH 4 (hydra), mpiexec(1) of HPE
/// PALS
base::Result<MpiCommand> read_mpi_command(std::span<const std::string> words);

}  // namespace request
