// The limit: libzookeeper_mt doing what the waiting line asks for, and nothing besides.
//
// No recovery from doubts, no deadlines, no leases: what is left is the cost of the operations themselves. Everything runs
// in the C client's completions and watches, without a thread per waiter. A place must outlive its session's handle, because
// libzookeeper keeps its address as the context of watches.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

struct _zhandle;
struct String_vector;

namespace bench {

/// One thread waits until another says so, once per turn.
class gate {
public:
    void open();
    void pass();

private:
    std::mutex guard_;
    std::condition_variable opened_;
    bool open_ = false;
};

/// One handle, one ZooKeeper session, two threads of the C client's.
class raw_session {
public:
    /// Blocks until connected; throws std::runtime_error when that takes too long.
    raw_session(const std::string& servers, std::chrono::milliseconds timeout);
    ~raw_session() { close(); }
    raw_session(const raw_session&) = delete;
    raw_session& operator=(const raw_session&) = delete;

    /// Ends the session. Nothing is called back afterwards.
    void close();

    /// Creates the persistent node and what is missing above it.
    void make_directory(const std::string& path);

    _zhandle* handle() const noexcept { return handle_; }
    std::int64_t id() const;

private:
    static void on_session_event(_zhandle*, int type, int state, const char*, void* self);

    std::mutex guard_;
    std::condition_variable changed_;
    bool connected_ = false;  // guarded by guard_
    _zhandle* handle_ = nullptr;
};

/// A place in the line of one directory, taken again and again.
class raw_place {
public:
    /// `granted` runs on the completion thread; it may leave() and enter() right there.
    raw_place(raw_session& session, std::string directory, std::function<void()> granted);
    raw_place(raw_place&&) = delete;

    /// create2 and getChildren, back to back.
    void enter();
    /// Queues the delete; FIFO puts it before whatever this session sends next. `left` opens when it is answered.
    void leave(gate* left = nullptr);

private:
    void list();
    void created(int rc, const char* path);
    void listed(int rc, const String_vector* names);
    void watch(const std::string& path);
    void gone(const std::string& path);
    void look_again_or_go_on();

    // Constant after construction.
    raw_session& session_;
    const std::string directory_;
    const std::function<void()> granted_;
    const std::string prefix_;

    // Between enter() and the grant only the completion thread touches these; then the holder does, until leave().
    std::uint64_t entered_ = 0;
    std::string ours_;           // full path
    std::string ahead_;          // the node just ahead; empty: none, or gone
    std::string two_ahead_;      // the one before that; empty: none, or gone
    bool others_ahead_ = false;  // in the newest list somebody stood before the two that are watched
    bool listing_ = false;       // an answer is under way that will show more than any event before it
};

}  // namespace bench
