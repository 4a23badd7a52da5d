%% What the BEAM does for each contest; the figures have the contests' units. The samples of ours in
%% bench/actors/ do the same things in the same order.
-module(bench_samples).
-export([take/3]).

take("ping_pong", N, _) -> rate(N, fun() -> ping_pong(N) end);
take("casts", N, _) -> with_server(fun(Server) -> rate(N, fun() -> bursts(Server, N) end) end);
take("calls", N, _) -> with_server(fun(Server) -> rate(N, fun() -> calls(Server, N) end) end);
take("lives", N, _) -> rate(N, fun() -> lives(N) end);
take("idle_bytes", N, _) -> idle_bytes(N);
take("starts", N, _) -> starts(N);
take("crashes", N, Siblings) -> restarts(fun(Pid) -> gen_server:cast(Pid, crash) end, N, Siblings);
take("kills", N, Siblings) -> restarts(fun(Pid) -> exit(Pid, kill) end, N, Siblings);
take("mass", N, _) -> mass(N).

%% How often a second.
rate(N, Work) ->
    Start = erlang:monotonic_time(),
    Work(),
    N / seconds(erlang:monotonic_time() - Start).

seconds(Native) -> erlang:convert_time_unit(Native, native, nanosecond) / 1.0e9.

with_server(Work) ->
    {ok, Server} = bench_server:start(),
    Result = Work(Server),
    exit(Server, kill),
    Result.

ping_pong(N) ->
    Self = self(),
    A = spawn(fun() -> receive {peer, Peer} -> player(Peer, Self) end end),
    B = spawn(fun() -> player(A, Self) end),
    A ! {peer, B},
    B ! N,
    receive done -> ok end,
    exit(A, kill),
    exit(B, kill).

player(Peer, Observer) ->
    receive
        0 -> Observer ! done;
        N -> Peer ! N - 1, player(Peer, Observer)
    end.

%% Bursts of a thousand; the call waits until the burst is handled.
bursts(_, N) when N =< 0 -> ok;
bursts(Server, N) ->
    casts(Server, min(N, 1000)),
    gen_server:call(Server, get, infinity),
    bursts(Server, N - 1000).

casts(_, 0) -> ok;
casts(Server, N) -> gen_server:cast(Server, 1), casts(Server, N - 1).

calls(_, 0) -> ok;
calls(Server, N) -> gen_server:call(Server, get), calls(Server, N - 1).

lives(0) -> ok;
lives(N) ->
    Pid = spawn(fun() -> receive stop -> ok end end),
    Monitor = monitor(process, Pid),
    Pid ! stop,
    receive {'DOWN', Monitor, process, _, _} -> lives(N - 1) end.

%% In a process of its own, so that its end ends all servers and its heap holds nothing else.
idle_bytes(N) ->
    Self = self(),
    Others = erlang:system_info(process_count),
    spawn(fun() ->
        Before = memory(),
        [bench_server:start_link() || _ <- lists:seq(1, N)],
        Self ! {bytes, (memory() - Before) / N},
        exit(shutdown)
    end),
    Bytes = receive {bytes, Each} -> Each end,
    wait_for_processes(Others),
    Bytes.

memory() ->
    erlang:garbage_collect(),
    erlang:memory(total).

wait_for_processes(Count) ->
    case erlang:system_info(process_count) =< Count of
        true -> ok;
        false -> erlang:yield(), wait_for_processes(Count)
    end.

starts(N) ->
    {ok, Supervisor} = bench_sup:dynamic(),
    Rate = rate(N, fun() -> start_children(Supervisor, N) end),
    bench_sup:stop(Supervisor),
    Rate.

start_children(_, 0) -> ok;
start_children(Supervisor, N) ->
    {ok, _} = supervisor:start_child(Supervisor, []),
    start_children(Supervisor, N - 1).

%% The median time in microseconds from the crash to the next incarnation's init. OTP's supervisor walks its past
%% restarts at each restart, so it gets a fresh one after every hundred; with many siblings it keeps the first.
restarts(Crash, N, Siblings) ->
    Each = case Siblings of 0 -> 100; _ -> N end,
    Times = lists:append([rounds(Crash, min(Each, N), Siblings) || _ <- lists:seq(1, max(1, N div Each))]),
    Sorted = lists:sort(Times),
    seconds(lists:nth(length(Sorted) div 2 + 1, Sorted)) * 1.0e6.

rounds(Crash, N, Siblings) ->
    {ok, Supervisor} = bench_sup:static(self(), 1, Siblings),
    Pid = receive {started, First, _} -> First end,
    Times = crashes(Crash, Pid, N, []),
    bench_sup:stop(Supervisor),
    Times.

crashes(_, _, 0, Times) -> Times;
crashes(Crash, Pid, N, Times) ->
    Start = erlang:monotonic_time(),
    Crash(Pid),
    receive {started, Next, At} -> crashes(Crash, Next, N - 1, [At - Start | Times]) end.

mass(N) ->
    {ok, Supervisor} = bench_sup:static(self(), N, 0),
    Pids = [receive {started, Pid, _} -> Pid end || _ <- lists:seq(1, N)],
    Rate = rate(N, fun() ->
        [exit(Pid, kill) || Pid <- Pids],
        [receive {started, _, _} -> ok end || _ <- Pids]
    end),
    bench_sup:stop(Supervisor),
    Rate.
