#pragma once
// Hosts of a network of their own: network namespaces with an address each, joined by a bridge.

#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/result.h"

namespace launcher_test {

constexpr int n_hosts = 4;

/// Makes so many hosts, once; where it may not, says why, once.
bool has_hosts();

/// Makes hosts 0 to n-1; once in a process, which is itself in the bridge's namespace afterwards.
/// All is in namespaces that only this process and what it starts can see, so the kernel removes it
/// when they have ended, however they do. Error: why this process may not.
base::Result<void> make_hosts(int n);

/// Words before a command that is to run on the host.
std::vector<std::string> on_host(int host);

std::string address_of(int host);

/// What went over the host's link since it was made.
struct Traffic {
  std::uint64_t sent_bytes = 0;
  std::uint64_t received_bytes = 0;
};
Traffic traffic_of(int host);

/// No packet reaches or leaves the host while this lives.
class CutLink {
 public:
  explicit CutLink(int host);
  ~CutLink();
  CutLink(const CutLink&) = delete;
  CutLink& operator=(const CutLink&) = delete;

 private:
  int host_;
};

/// What goes to the host is let through at 100 Mbit/s while this lives.
class NarrowLink {
 public:
  explicit NarrowLink(int host);
  ~NarrowLink();
  NarrowLink(const NarrowLink&) = delete;
  NarrowLink& operator=(const NarrowLink&) = delete;

 private:
  int host_;
};

/// What two hosts send to each other is lost while this lives, without a word.
class DeafPair {
 public:
  DeafPair(int one, int other);
  ~DeafPair();
  DeafPair(const DeafPair&) = delete;
  DeafPair& operator=(const DeafPair&) = delete;

 private:
  int one_;
  int other_;
};

}  // namespace launcher_test
