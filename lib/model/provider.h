#pragma once
// What the controller and a provider's program say to each other, one line each
// (docs/providers.md).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/time.h"

namespace model {

/// A node that is to be made.
struct NodeSpec {
  std::string name;
  std::string birth;    // another one each time that the node is to be made
  std::string cluster;  // whose it is
  std::string pool;
  std::string tier;
  int cores = 1;
  base::Bytes memory;
  int gpus = 0;
  std::string gpu_kind;
  std::vector<std::string> features;
  std::string controller;  // "tls:HOST:PORT"
  std::string token;       // with which it joins, once
  std::string agent;       // path of muster-agent on the controller's machine
  base::Duration start_timeout{};
  base::Duration life{};  // 0: without end
  std::string options;    // of the pool, an object in JSON

  bool operator==(const NodeSpec&) const = default;
};

/// A node that is to be ended; without a name, all nodes that are to be listed.
struct NodeReference {
  std::string name;
  std::string cluster;
  std::string pool;
  std::string id;         // as the provider gave it, as far as that is known
  std::string options;    // as of NodeSpec
  bool is_extra = false;  // only the machine of this id, for there is another of the name

  bool operator==(const NodeReference&) const = default;
};

/// A line of the program.
struct ProviderAnswer {
  enum class Kind { made, ended, failed, listed, gone, evicted };

  Kind kind = Kind::listed;
  std::string name;
  std::string id;
  std::string birth;         // listed: as it was told when that was made, if that is known
  std::string text;          // why
  bool is_capacity = false;  // failed: there was no room for it
  base::Duration notice{};   // evicted: time until it is gone

  bool operator==(const ProviderAnswer&) const = default;
};

/// With what the machines of a pool were made, and can be found and ended.
struct ProviderSite {
  std::string program;  // and its first arguments, as configured
  std::string cluster;
  std::string options;

  bool operator==(const ProviderSite&) const = default;
};

}  // namespace model
