#pragma once
// The commands of muster: each is a value that says what it is called, takes and does.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "cli/options/option.h"
#include "cli/problem.h"

namespace cli {

struct Verb {
  std::string_view name;
  std::string_view synopsis;  // what follows the name: "[OPTIONS] ID..."; a line for each form
  std::string_view summary;   // one line
  std::string_view details;   // sentences; paragraphs are parted by a line end
  std::span<const options::Option> (*table)();
  options::Operands operands;
  Outcome (*run)(const options::Parsed& line);
};

extern const Verb up_verb;
extern const Verb down_verb;
extern const Verb submit_verb;
extern const Verb run_verb;
extern const Verb attach_verb;
extern const Verb shell_verb;
extern const Verb exec_verb;
extern const Verb forward_verb;
extern const Verb jobs_verb;
extern const Verb show_verb;
extern const Verb why_verb;
extern const Verb logs_verb;
extern const Verb wait_verb;
extern const Verb cancel_verb;
extern const Verb hold_verb;
extern const Verb release_verb;
extern const Verb requeue_verb;
extern const Verb update_verb;
extern const Verb checkpoint_verb;
extern const Verb priority_verb;
extern const Verb quota_verb;
extern const Verb nodes_verb;
extern const Verb init_verb;
extern const Verb node_verb;
extern const Verb pools_verb;
extern const Verb pool_verb;
extern const Verb reserve_verb;
extern const Verb drain_verb;
extern const Verb resume_verb;
extern const Verb doctor_verb;
extern const Verb events_verb;
extern const Verb config_verb;
extern const Verb simulate_verb;
extern const Verb version_verb;
extern const Verb help_verb;

/// All of them, in the order of the manual.
std::span<const Verb* const> verbs();
const Verb* find_verb(std::string_view name);

/// "muster jobs --help": synopsis, description, options.
std::string help_of(const Verb& verb);
/// "muster help": all commands by one line each.
std::string overview();

constexpr std::size_t help_width = 80;  // of a line of help, in characters

// Options that many commands have; ids from 100 on are theirs.
constexpr int dir_id = 100;
constexpr int json_id = 101;
constexpr int help_id = 102;
constexpr options::Option dir_option{
    dir_id, "dir", 0, "DIR", "State directory of the cluster. Left out: see FILES of muster(1)."};
constexpr options::Option json_option{json_id, "json", 0, "", "Print JSON for programs."};
constexpr options::Option help_option{help_id, "help", 'h', "", "Print these options."};

}  // namespace cli
