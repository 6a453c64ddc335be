// init: makes the state directory of a cluster of machines.

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string>

#include "authority/commands.h"
#include "conf/config.h"
#include "lib/base/text.h"
#include "lib/loop/address.h"
#include "lib/loop/clock.h"
#include "lib/loop/files.h"
#include "lib/pki/folder.h"
#include "lib/pki/token.h"

namespace authority {

namespace {

/// Of a cluster that is root's.
constexpr const char* for_all =
    "# All users of this machine; without the line, root alone.\nusers = \"all\"\n";

std::string config_text(const std::string& name, const std::string& listen) {
  return fmt::format(
      "# Made by muster init. Every key and what it means: muster config sample, muster.toml(5).\n"
      "\n[cluster]\nname = \"{}\"\n{}"
      "\n[listen]\nagents = \"tls:{}\"\n"
      "\n# Machines that join with a token of: muster node add NAME.\n"
      "[[pool]]\nname = \"default\"\nprovider = \"static\"\n",
      name, ::geteuid() == 0 ? for_all : "", listen);
}

/// The authority and muster.toml, the latter at last, for it says that all is there. Whoever is
/// killed in between leaves a file that says so, and the next one goes on; an authority without it
/// is somebody's.
base::Result<void> make_cluster(const std::string& dir, const std::string& name,
                                const std::string& text) {
  const auto begun = dir + "/muster.toml.new";
  pki::Folder folder(dir + "/tls");
  const bool goes_on = folder.exists() && ::access(begun.c_str(), F_OK) == 0;
  if (folder.exists() && !goes_on) {
    return base::fail(base::Code::conflict,
                      "there is an authority of a cluster already: '" + dir +
                          "/tls', without a muster.toml beside it; choose another --dir");
  }
  if (auto kept = loop::write_file_atomic(begun, text, {.mode = 0600, .sync = true}); !kept)
    return kept;
  if (!goes_on) {
    if (auto made = folder.create(name, loop::now()); !made) return made;
  }
  if (std::rename(begun.c_str(), (dir + "/muster.toml").c_str()) != 0)
    return base::fail_errno(errno, "cannot rename '" + begun + "'");
  return {};
}

}  // namespace

Outcome init(const Words& words) {
  constexpr std::array mine{static_cast<int>(dir_id), static_cast<int>(name_id),
                            static_cast<int>(listen_id)};
  if (auto fine = only(words, mine); !fine) return std::unexpected(std::move(fine).error());
  if (!words.line.rest.empty()) {
    return base::fail(base::Code::invalid,
                      fmt::format("expected no '{}'", base::printable(words.line.rest.front())));
  }
  const auto dir = words.dir();
  if (!dir) return std::unexpected(dir.error());
  const auto name = words.text(name_id).value_or("muster");
  if (!pki::is_node_name(name)) {
    return base::fail(base::Code::invalid,
                      fmt::format("--name: expected letters, digits, '-', '_' and '.', found '{}'",
                                  base::printable(name)));
  }
  const auto listen = words.text(listen_id).value_or("0.0.0.0:7443");
  if (const auto address = loop::parse_address("tls:" + listen); !address) {
    return base::fail(base::Code::invalid, fmt::format("--listen: expected HOST:PORT, found '{}'",
                                                       base::printable(listen)));
  }
  const auto path = *dir + "/muster.toml";
  const auto text = config_text(name, listen);
  if (const auto config = conf::read_text(text, path); !config) {
    return std::unexpected(config.error());
  }
  if (::access(path.c_str(), F_OK) == 0) {
    return base::fail(
        base::Code::conflict,
        fmt::format("there is a cluster already: '{}'; nothing is overwritten. Choose "
                    "another --dir",
                    path));
  }
  if (auto made = loop::make_directories(*dir, 0700); !made) {
    return std::unexpected(std::move(made).error());
  }
  if (auto made = make_cluster(*dir, name, text); !made) {
    return std::unexpected(std::move(made).error());
  }
  return fmt::format(
      "Made '{0}', with the authority of the cluster in '{0}/tls': keep that to yourself.\n"
      "Look at '{1}', start the controller with: musterd --config {1}\n"
      "For each machine: muster node add --dir {0} NAME\n",
      *dir, path);
}

}  // namespace authority
