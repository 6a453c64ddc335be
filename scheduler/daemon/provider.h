#pragma once
// Where the nodes of pools come from.

#include <functional>
#include <string>

namespace musterd {

/// Makes and ends nodes by their names, and tells what it did by inputs of the core. Whatever it is
/// asked may be asked again, and is answered once and later.
class Provider {
 public:
  Provider() = default;
  virtual ~Provider() = default;
  Provider(const Provider&) = delete;
  Provider& operator=(const Provider&) = delete;

  /// Answered by ProviderMade, also for a node that is there, or by ProviderFailed. The answer is
  /// left out when the node was to be ended before it was given.
  /// `birth` is another one each time that the node is to be made, and the same for each repeat.
  virtual void create(const std::string& name, const std::string& birth) = 0;
  /// Answered by ProviderEnded, also for a node that is not there. The answer is left out when the
  /// node was to be made again before it was given, or when it could not be ended: then it is
  /// there.
  virtual void destroy(const std::string& name) = 0;
  /// Answered by ProviderHas, at once or when the provider can be asked.
  virtual void list() = 0;

  /// The cluster ends: from now on no node is made, and `gone` runs when all have ended, or cannot
  /// be.
  virtual void stop(std::function<void()> gone) = 0;
  /// What is wrong, for people; empty: nothing.
  virtual std::string trouble() const = 0;
};

}  // namespace musterd
