#pragma once
// What a machine says to become a node, or to stay one, and the answer (docs/wire.md).

#include <cstdint>
#include <string>

namespace model {

struct JoinRequest {
  std::string name;
  std::string secret;   // of its token; empty: it has a certificate and wants the next one
  std::string request;  // for a certificate, in PEM
  bool operator==(const JoinRequest&) const = default;
};

struct JoinReply {
  std::string why;  // not empty: refused, and this is the reason
  std::string certificate;
  std::string authority;
  std::string pool;
  std::string address;  // of the machine, as the controller sees it
  bool operator==(const JoinReply&) const = default;
};

/// Who asks at a node's socket of the API, as the kernel there says.
struct Caller {
  std::uint32_t uid = 0;
  bool is_agent = false;  // the user of the agent, as whom all jobs of the node run
  bool operator==(const Caller&) const = default;
};

}  // namespace model
