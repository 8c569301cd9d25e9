using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Backbones;

/// <summary>
/// The sessions of one backbone. The one for all taps is opened at once, so that whatever does not work shows early. One
/// for some of them is opened when it is first asked for, and only where it spares a part of the network. On a CPU they are
/// made for several runs at once, and run as many images as there are; <see cref="Solo"/> is for one run at a time.
/// </summary>
internal sealed class TapSessions : IDisposable
{
    // Each holds its part of the weights.
    private const int Most = 4;

    private readonly Lock _lock = new();
    private readonly OnnxModel _graph;
    private readonly IReadOnlyList<BackboneTap> _taps;
    private readonly SessionSettings _shared;
    private readonly int _fixedBatch;
    private readonly List<(TapSet Taps, TapSession Session)> _open = [];
    private readonly Dictionary<TapSet, TapSession> _bySet = [];
    private OnnxSession? _unbatched;
    private OnnxSession? _solo;

    /// <summary>Opens the session for all <paramref name="taps"/>, the outputs of <paramref name="graph"/>.</summary>
    /// <param name="graph">From pixels to the taps.</param>
    /// <param name="taps">In the order of the outputs.</param>
    /// <param name="settings">Of one run at a time.</param>
    /// <param name="runThreads">Threads of a session that several runs share on a CPU.</param>
    /// <exception cref="InferenceException">ONNX Runtime refuses the graph.</exception>
    /// <exception cref="ProviderException">The provider asked for does not work here.</exception>
    public TapSessions(OnnxModel graph, IReadOnlyList<BackboneTap> taps, SessionSettings settings, int runThreads)
    {
        var all = TapSet.First(taps.Count);
        (_graph, _taps) = (graph, taps);
        _fixedBatch = settings.BatchSize;
        var named = graph.Inputs is [{ Dimensions: [< 0, ..], Symbols: [{ Length: > 0 }, ..] }];
        _shared = settings with
        {
            BatchSize = named ? 0 : settings.BatchSize,
            CudaBatchSize = settings.BatchSizeOn(ExecutionProvider.Cuda),
            Threads = runThreads,
        };
        All = new(OpenShared(graph), all.Indices(), NodesFor(all));
        Settings = All.Session.Settings with { BatchSize = settings.BatchSize, Threads = settings.Threads };
        _shared = All.Session.Settings;
        BatchSize = settings.BatchSizeOn(All.Session.Provider);
        _open.Add((all, All));
    }

    /// <summary>How <see cref="Solo"/> is opened, on the provider in use.</summary>
    public SessionSettings Settings { get; }

    /// <summary>The session that computes every tap.</summary>
    public TapSession All { get; }

    /// <summary>Images per run of <see cref="Solo"/>.</summary>
    public int BatchSize { get; }

    /// <summary>The session for one run at a time, of full batches on all threads: on a CPU a further one, opened at its first use.</summary>
    public OnnxSession Solo
    {
        get
        {
            lock (_lock)
            {
                return All.Session.Provider.IsGpu() ? All.Session : _solo ??= OnnxSession.Open(_graph, Settings);
            }
        }
    }

    /// <summary>
    /// The session that computes at least the taps <paramref name="wanted"/>, with as little of the network as may be:
    /// that of another set where it runs no more of it, or where enough are open.
    /// </summary>
    public TapSession For(TapSet wanted)
    {
        lock (_lock)
        {
            if (_bySet.TryGetValue(wanted, out var known))
            {
                return known;
            }

            var nodes = NodesFor(wanted);
            var session = _open.Where(open => wanted.IsWithin(open.Taps)).Select(open => open.Session).MinBy(open => open.Nodes)!;
            if (session.Nodes > nodes && _open.Count < Most)
            {
                var outputs = wanted.Indices().Select(tap => _taps[tap].OutputName);
                session = new(OpenShared(Cut.At(_graph, [.. outputs])), wanted.Indices(), nodes);
                _open.Add((wanted, session));
            }

            return _bySet[wanted] = session;
        }
    }

    /// <summary>The session of <paramref name="graph"/> for any number of images a run, opened at its first use where the others run.</summary>
    public OnnxSession Unbatched(Func<OnnxModel> graph)
    {
        lock (_lock)
        {
            return _unbatched ??= OnnxSession.Open(graph(), Settings with { BatchSize = 0, CudaBatchSize = 0, Gpu = Settings.Gpu with { CudaGraph = false } });
        }
    }

    public void Dispose()
    {
        _unbatched?.Dispose();
        _solo?.Dispose();
        foreach (var (_, session) in _open)
        {
            session.Session.Dispose();
        }
    }

    // A graph whose outputs the runtime cannot tell the width of without a number of images gets one.
    private OnnxSession OpenShared(OnnxModel graph)
    {
        var session = OnnxSession.Open(graph, _shared);
        if (session.BatchSize > 0 || session.GivesRows)
        {
            return session;
        }

        session.Dispose();
        return OnnxSession.Open(graph, _shared with { BatchSize = _fixedBatch });
    }

    private int NodesFor(TapSet taps) => Cut.At(_graph, [.. taps.Indices().Select(tap => _taps[tap].GraphTensor).Distinct()]).NodeCount;
}
