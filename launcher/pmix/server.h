#pragma once
// The PMIx server of one node's part of a step, as the launcher sees it: no type of PMIx in it.
//
// It lives in a module of its own, muster-pmix.so, that is loaded for steps only: the library and
// hwloc below it would cost a batch launch more than all its other work. docs: muster-launch(8).

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/model/job.h"

namespace pmix {

struct NodeRanks {
  std::string name;
  std::vector<int> ranks;  // in order
};

struct Setup {
  std::string name_space;  // equal on all nodes of the step, and not to be guessed: it is what
                           // a client must know
  std::vector<NodeRanks> nodes;
  std::size_t node = 0;           // place of this node
  bool by_node = false;           // ranks go round the nodes
  std::vector<std::string> cpus;  // of each rank of this node, as a list; empty: not bound
  std::string session_dir;        // exists, private
  std::string topology_xml;       // hwloc's description of this machine; empty: hwloc looks itself
  std::string program;
  std::string work_dir;
  std::uint32_t attempt = 1;
};

/// What the ranks ask for. All but `post` are called inside a posted task, in order.
struct Events {
  /// Hands a task over from PMIx's own thread; from any thread.
  std::function<void(std::function<void()>)> post;
  std::function<void(int rank)> connected;
  std::function<void(int rank)> finalized;
  std::function<void(int rank, int code)> aborted;
  /// A rank wants to start further ones, and waits for ever when it cannot.
  std::function<void(int rank)> spawns;
  /// All ranks of this node that take part are in the fence. `ranks` ascending, empty: all of the
  /// step. To be answered with answer_fence(id).
  std::function<void(std::uint64_t id, std::vector<int> ranks, std::string data)> fence;
  /// A rank here wants the data of one elsewhere. To be answered with answer_modex(id).
  std::function<void(std::uint64_t id, int rank)> modex;
};

class Server {
 public:
  virtual ~Server() = default;
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// What a rank of this node needs to find the server.
  virtual base::Result<model::Environment> environment_of(int rank) = 0;
  virtual void answer_fence(std::uint64_t id, std::string data) = 0;
  /// `status` is PMIx's, from the other node.
  virtual void answer_modex(std::uint64_t id, int status, std::string data) = 0;
  /// Data of a rank of this node, as soon as it has given it; `take` is posted.
  virtual void data_of(int rank, std::function<void(int status, std::string data)> take) = 0;
  /// Makes the kernel acknowledge at once what clients have sent. Clients send their last messages
  /// in pieces that otherwise wait 40 ms for each other (Nagle and delayed ACK): to be called every
  /// few milliseconds for a short while after each fence.
  virtual void hurry_clients() = 0;
  /// Nothing is posted any more once this has returned.
  virtual void silence() = 0;

 protected:
  Server() = default;
};

/// The module's one function; nullptr and `error` when the server cannot start. Once per process;
/// the server is never torn down: that would cost more than the rest, and the process ends anyway.
using Open = Server* (*)(const Setup& setup, const Events& events, base::Error* error);
constexpr const char* open_symbol = "muster_pmix_open";

}  // namespace pmix
