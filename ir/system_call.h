#pragma once

namespace ferry::ir {

/// How translated code asks its embedder for the system call that the guest's state describes (its pc is
/// behind the call). True: it is made and translated code goes on; false: translated code is to be left with
/// TrapKind::SystemCall.
using SystemCall = bool (*)(void* state);

}  // namespace ferry::ir
