// node: which machines may join, on the controller's machine.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>

#include "authority/commands.h"
#include "conf/config.h"
#include "lib/base/text.h"
#include "lib/http/client.h"
#include "lib/loop/clock.h"
#include "lib/pki/folder.h"
#include "lib/pki/invite.h"
#include "lib/pki/token.h"
#include "lib/wire/api.h"

namespace authority {

namespace {

using namespace std::chrono_literals;

constexpr base::Duration default_life = 24h * 90;
constexpr base::Duration shortest_life = 1s;
constexpr base::Duration longest_life = 24h * 3650;

/// The cluster in the state directory.
struct Cluster {
  conf::Config config;
  std::string dir;
  pki::Folder folder;
};

base::Result<Cluster> cluster_of(const Words& words) {
  const auto dir = words.dir();
  if (!dir) return std::unexpected(dir.error());
  auto config = conf::read_file(*dir + "/muster.toml");
  if (!config) {
    auto error = std::move(config).error();
    if (error.code == base::Code::not_found) {
      error.text += "; make a cluster of machines with muster init, or name another with --dir";
    }
    return std::unexpected(std::move(error));
  }
  Cluster cluster{.config = *std::move(config), .dir = {}, .folder = pki::Folder("")};
  cluster.dir = cluster.config.cluster.dir;
  cluster.folder = pki::Folder(cluster.dir + "/tls");
  if (!cluster.folder.exists()) {
    return base::fail(base::Code::not_found,
                      fmt::format("the cluster in '{}' has no authority; clusters of machines are "
                                  "made with: muster init",
                                  *dir));
  }
  return cluster;
}

base::Result<std::string> pool_for(const Cluster& cluster, const Words& words) {
  const auto asked = words.text(pool_id);
  std::vector<std::string> known;
  for (const auto& pool : cluster.config.pools) {
    if (pool.provider != "static") continue;
    if (!asked || *asked == pool.name) return pool.name;
    known.push_back(pool.name);
  }
  return base::fail(base::Code::invalid,
                    known.empty()
                        ? std::string("muster.toml has no pool with provider = \"static\"")
                        : fmt::format("there is no static pool '{}'; known are {}",
                                      base::printable(*asked), base::join(known, ", ")));
}

/// What a machine dials.
base::Result<std::string> address_for(const Cluster& cluster, const Words& words) {
  const auto& listen = cluster.config.listen;
  const auto given = words.text(address_id);
  auto address = pki::dialled_address(listen.agents, given.value_or(listen.address));
  if (!address && given) return std::unexpected(address.error().in("--address"));
  return address;
}

/// Names of places in pools that make their nodes are not for others.
base::Result<void> check_free(const Cluster& cluster, const std::string& name) {
  for (const auto& pool : cluster.config.pools) {
    if (!conf::has_place(pool, name)) continue;
    return base::fail(base::Code::conflict,
                      fmt::format("'{}' is the name of a node that pool '{}' makes itself; choose "
                                  "another one",
                                  name, pool.name));
  }
  return {};
}

/// What the controller says of its nodes; empty when it does not run.
std::map<std::string, std::string> states_of(const Cluster& cluster) {
  std::map<std::string, std::string> states;
  const http::Client client(loop::UnixAddress{cluster.dir + "/api.sock"});
  const auto response =
      client.request({.method = "GET", .target = "/v1/nodes", .headers = {}, .body = {}});
  if (!response || response->status != 200) return states;
  const auto nodes = wire::nodes_from_json(response->body);
  if (!nodes) return states;
  for (const auto& node : *nodes) states.emplace(node.info.name, model::to_text(node.state));
  return states;
}

std::string certificate_text(const pki::Member& member, base::Time now) {
  if (!member.certificates.empty()) {
    const auto until = member.certificates.back().until;
    return (until <= now ? "expired " : "until ") + base::to_text(until);
  }
  if (member.invitations.empty()) return "none";
  const auto until = member.invitations.back().until;
  return (until <= now ? "token was good until " : "token good until ") + base::to_text(until);
}

}  // namespace

Outcome add(const Words& words) {
  constexpr std::array mine{static_cast<int>(dir_id), static_cast<int>(pool_id),
                            static_cast<int>(life_id), static_cast<int>(within_id),
                            static_cast<int>(address_id)};
  if (auto fine = only(words, mine); !fine) return std::unexpected(std::move(fine).error());
  const auto name = words.operand("the name of a node");
  if (!name) return std::unexpected(name.error());
  const auto life = words.duration(life_id, default_life, shortest_life, longest_life);
  if (!life) return std::unexpected(life.error());
  const auto within = words.duration(within_id, 24h, 1s, 24h * 30);
  if (!within) return std::unexpected(within.error());
  auto cluster = cluster_of(words);
  if (!cluster) return std::unexpected(std::move(cluster).error());
  const auto pool = pool_for(*cluster, words);
  if (!pool) return std::unexpected(pool.error());
  const auto address = address_for(*cluster, words);
  if (!address) return std::unexpected(address.error());
  if (auto free = check_free(*cluster, *name); !free)
    return std::unexpected(std::move(free).error());
  const auto token = pki::invite(
      cluster->folder, *name,
      {.pool = *pool, .life = *life, .until = loop::now() + *within, .address = *address});
  if (!token) return std::unexpected(token.error());
  return fmt::format("muster node join {}\n", pki::to_text(*token));
}

Outcome remove(const Words& words) {
  constexpr std::array mine{static_cast<int>(dir_id)};
  if (auto fine = only(words, mine); !fine) return std::unexpected(std::move(fine).error());
  const auto name = words.operand("the name of a node");
  if (!name) return std::unexpected(name.error());
  auto cluster = cluster_of(words);
  if (!cluster) return std::unexpected(std::move(cluster).error());
  if (auto removed = cluster->folder.remove(*name, loop::now()); !removed) {
    return std::unexpected(std::move(removed).error());
  }
  return fmt::format("{} is removed: its certificates are revoked\n", *name);
}

Outcome list(const Words& words) {
  constexpr std::array mine{static_cast<int>(dir_id)};
  if (auto fine = only(words, mine); !fine) return std::unexpected(std::move(fine).error());
  if (!words.line.rest.empty()) {
    return base::fail(base::Code::invalid,
                      fmt::format("expected no '{}'", base::printable(words.line.rest.front())));
  }
  const auto cluster = cluster_of(words);
  if (!cluster) return std::unexpected(cluster.error());
  const auto members = cluster->folder.members();
  if (!members) return std::unexpected(members.error());
  const auto states = states_of(*cluster);
  const auto now = loop::now();
  auto text = fmt::format("{:<16} {:<12} {:<10} {}\n", "NAME", "POOL", "STATE", "CERTIFICATE");
  for (const auto& member : *members) {
    const auto state = states.find(member.name);
    text += fmt::format("{:<16} {:<12} {:<10} {}\n", member.name, member.pool,
                        state == states.end() ? "-" : state->second, certificate_text(member, now));
  }
  return text;
}

}  // namespace authority
