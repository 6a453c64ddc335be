#pragma once
// An open directory that closes itself; read it with readdir(3), in place where names are few.

#include <dirent.h>

#include <memory>

namespace loop {

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

using Folder = std::unique_ptr<DIR, CloseFolder>;

}  // namespace loop
