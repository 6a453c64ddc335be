// init and node: hand over to muster-authority, which has OpenSSL inside.

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include "cli/cluster.h"
#include "cli/terminal.h"
#include "cli/verb.h"

namespace cli {

namespace {

constexpr std::array table{help_option};

Outcome hand_over(std::string verb, const options::Parsed& line) {
  auto program = program_beside("muster-authority");
  if (!program) return refuse(program.error());
  auto paths = state_directory({});
  if (!paths) return std::unexpected(paths.error());
  auto words = line.rest;
  std::vector<char*> arguments{program->data(), paths->dir.data(), verb.data()};
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execv(program->c_str(), arguments.data());
  return refuse(base::fail_errno(errno, fmt::format("cannot start '{}'", *program)).error());
}

Outcome init(const options::Parsed& line) {
  return hand_over("init", line);
}

Outcome node(const options::Parsed& line) {
  return hand_over("node", line);
}

}  // namespace

constinit const Verb init_verb{
    "init",
    "[OPTIONS]",
    "Make the state directory of a cluster of machines.",
    "Writes muster.toml, the cluster's own authority and the certificate of the controller. "
    "Machines are added with muster node; musterd serves them. For a cluster of this machine "
    "alone, muster up needs nothing of it.",
    [] { return std::span<const options::Option>(table); },
    options::Operands::all,
    init};

constinit const Verb node_verb{
    "node",
    "add [OPTIONS] NAME\nremove [OPTIONS] NAME\nlist [OPTIONS]\njoin [OPTIONS] TOKEN",
    "Say which machines may be nodes of the cluster, or join one.",
    "add prints the one line to run on a machine that is to join under this name: with the token "
    "in "
    "it the machine makes a key of its own and gets a certificate. remove revokes its "
    "certificates. "
    "Only who may read the cluster's authority can do either.",
    [] { return std::span<const options::Option>(table); },
    options::Operands::all,
    node};

}  // namespace cli
