#pragma once
// The connections of this node's ranks to their PMI-1 server, which is pmi1::Server. A rank that
// never speaks costs its socket and nothing else: the server is made for the first that does.

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "launcher/exec/rank_events.h"
#include "launcher/pmi1/server.h"
#include "lib/base/result.h"
#include "lib/loop/fd_watch.h"
#include "lib/loop/owned_fd.h"
#include "lib/model/head_message.h"
#include "lib/model/launch.h"

namespace loop {
class Loop;
}

namespace exec {

class Pmi1Sockets {
 public:
  /// `order` outlives it.
  Pmi1Sockets(loop::Loop& loop, const model::LaunchOrder& order, RankEvents events);

  /// A rank's end, to be inherited under its number; called in rank order. Closed when the rank has
  /// it. None where the step does not offer PMI-1.
  base::Result<loop::OwnedFd> open(int rank);
  /// Takes all that the rank has sent so far.
  void drain(int rank);

  // From the head.
  void take(const model::Fence& fence);
  void take(const model::NameReply& reply);

 private:
  struct Socket {
    int rank = 0;
    loop::OwnedFd fd;
    std::unique_ptr<loop::FdWatch> watch;  // gone with the stream's end
  };

  Socket& socket_of(int rank);
  bool read_piece(Socket& socket);
  void receive(int rank, std::string_view bytes);
  void carry_out();
  void send(const pmi1::Reply& reply);

  loop::Loop& loop_;
  const model::LaunchOrder& order_;
  RankEvents events_;
  std::vector<std::unique_ptr<Socket>> sockets_;  // in rank order, without a gap
  std::optional<pmi1::Server> server_;
};

}  // namespace exec
