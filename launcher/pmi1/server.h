#pragma once
// What one node's PMI-1 server decides: ranks put keys and values, meet in barriers, and then get
// what all ranks of the step have put. Pure: bytes and messages go in, lines and messages come out.
//
// Its one rule: what a rank puts becomes visible on all nodes with the end of the next barrier, and
// nowhere before.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "launcher/pmi1/line.h"
#include "lib/model/head_message.h"

namespace pmi1 {

struct Setup {
  std::string kvs_name;                          // equal on all nodes, different for each step
  std::vector<std::vector<int>> ranks_of_nodes;  // which each node has, in order
  std::size_t node = 0;                          // place of this one
};

/// A line for a rank, with its end.
struct Reply {
  int rank = 0;
  std::string line;
  bool operator==(const Reply&) const = default;
};
struct ToHead {
  model::HeadMessage message;
  bool operator==(const ToHead&) const = default;
};
struct Connected {
  int rank = 0;
  bool operator==(const Connected&) const = default;
};
struct Finalized {
  int rank = 0;
  bool operator==(const Finalized&) const = default;
};
struct Aborted {
  int rank = 0;
  int code = 0;
  bool operator==(const Aborted&) const = default;
};
/// The rank cannot be served, and will get no answer: its step cannot go on.
struct Refused {
  int rank = 0;
  std::string why;
  bool operator==(const Refused&) const = default;
};
using Output = std::variant<Reply, ToHead, Connected, Finalized, Aborted, Refused>;

class Server {
 public:
  explicit Server(Setup setup);

  /// What a rank of this node sent.
  void receive(int rank, std::string_view bytes);
  /// The rank and all it started have closed the connection.
  void closed(int rank);
  /// From the head.
  void take(const model::Fence& fence);
  void take(const model::NameReply& reply);

  /// What is to be done, in order, since the last call.
  std::vector<Output> take_outputs();

 private:
  enum class Phase {
    outside,     // before init, or after finalize
    inside,      // between them
    in_barrier,  // waits for all ranks of the step
    asking,      // waits for the head's answer about a name
    deaf,        // aborted or refused: not listened to any more
  };
  struct Client {
    LineReader reader;
    Phase phase = Phase::outside;
    bool has_finalized = false;
    bool is_gone = false;
    model::NameAction asked = model::NameAction::look_up;
  };
  using Handler = void (Server::*)(int rank, const Line& line);
  struct Command {
    std::string_view name;
    Handler handler;
  };
  static const std::vector<Command>& commands();

  const std::vector<int>& own_ranks() const { return setup_.ranks_of_nodes[setup_.node]; }
  Client& client(int rank);
  void handle(int rank, const Line& line);
  void reply(int rank, std::string line);
  void refuse(int rank, std::string why);
  /// The value of a key that the line must have; else the rank is refused.
  const std::string* need(int rank, const Line& line, std::string_view key);

  void init(int rank, const Line& line);
  void get_maxes(int rank, const Line& line);
  void get_appnum(int rank, const Line& line);
  void get_my_kvsname(int rank, const Line& line);
  void get_universe_size(int rank, const Line& line);
  void put(int rank, const Line& line);
  void get(int rank, const Line& line);
  void enter_barrier(int rank, const Line& line);
  void finalize(int rank, const Line& line);
  void abort(int rank, const Line& line);
  void spawn(int rank, const Line& line);
  void publish(int rank, const Line& line);
  void unpublish(int rank, const Line& line);
  void look_up(int rank, const Line& line);
  void ask(model::NameRequest request);
  void check_barrier();

  Setup setup_;
  int n_ranks_ = 0;              // of the step
  std::vector<Client> clients_;  // of this node, in rank order
  std::vector<Output> outputs_;
  std::string puts_;  // since the last barrier, as lines of key=value
  std::map<std::string, std::string> values_;
  std::size_t n_in_barrier_ = 0;
  std::uint32_t n_barriers_ = 0;  // sent to the head
};

}  // namespace pmi1
