using OnnxTransfer.Backbones;

namespace OnnxTransfer.Embeddings;

/// <summary>What a thread of the pipeline is to do next: run the backbone, decode an image, or, with neither, end.</summary>
/// <param name="Lane">Where the images of a run came from; null: no run.</param>
/// <param name="Image">Index of the image to decode; -1: none.</param>
internal readonly record struct EmbedTask(EmbedLane? Lane, int Image);

/// <summary>
/// Hands out the work of a run to its threads: the furthest on first, a full batch before another image. Bounds what waits in
/// between. After the last image the rest of each lane is divided between the threads that are free, so that none is idle
/// while another runs a whole batch.
/// </summary>
internal sealed class EmbedSchedule(Backbone backbone, int images, WorkDivision division, BatchTuning tuning, PipelineClocks clocks)
{
    private readonly object _lock = new();
    private readonly List<EmbedLane> _lanes = [];
    private int _next;
    private int _decoding;
    private int _queued;
    private int _running;
    private int _waiting;
    private bool _stopped;
    private Exception? _fault;

    /// <summary>What ended the run early; null where nothing did.</summary>
    public Exception? Fault
    {
        get
        {
            lock (_lock)
            {
                return _fault;
            }
        }
    }

    /// <summary>Waits for something to do, of what the thread may. Of a run, its images are moved to <paramref name="batch"/>.</summary>
    public EmbedTask Next((bool Runs, bool Decodes) role, List<PreparedImage> batch)
    {
        lock (_lock)
        {
            while (_fault is null)
            {
                if (role.Runs && _running < division.Runs && Ready() is { } lane)
                {
                    var count = Math.Min(lane.Count, IsDrained ? Share(lane) : SizeOf(lane));
                    lane.Take(count, batch);
                    (_queued, _running) = (_queued - count, _running + 1);
                    tuning.Next();
                    Wake();
                    return new(lane, -1);
                }

                if (role.Decodes && !IsAtEnd && _decoding < division.Decoders && _queued + _decoding < division.Waiting)
                {
                    _decoding++;
                    return new(null, _next++);
                }

                if (role.Runs ? IsDrained && _queued == 0 : IsAtEnd)
                {
                    break;
                }

                Wait();
            }

            return new(null, -1);
        }
    }

    /// <summary>An image that was handed out is dealt with; null: nothing of it is left to run.</summary>
    public void Decoded(PreparedImage? image)
    {
        lock (_lock)
        {
            _decoding--;
            if (image is { } prepared)
            {
                LaneOf(backbone.SessionFor(prepared.Missing)).Add(prepared);
                _queued++;
            }

            Wake();
        }
    }

    /// <summary>A run of <paramref name="count"/> images is done; it took <paramref name="seconds"/> of processor time.</summary>
    public void Ran(EmbedLane lane, int count, double seconds)
    {
        lock (_lock)
        {
            _running--;
            tuning.Measured(lane, count, seconds);
            Wake();
        }
    }

    /// <summary>No further image is decoded; what was is still run.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            _stopped = true;
            Wake();
        }
    }

    /// <summary>Ends the run; the first fault counts.</summary>
    public void Fail(Exception fault)
    {
        lock (_lock)
        {
            _fault ??= fault;
            Wake();
        }
    }

    private bool IsAtEnd => _stopped || _next >= images;

    private bool IsDrained => IsAtEnd && _decoding == 0;

    private EmbedLane? Ready()
    {
        foreach (var lane in _lanes)
        {
            if (lane.Count > 0 && (IsDrained || lane.Count >= SizeOf(lane)))
            {
                return lane;
            }
        }

        return null;
    }

    private int SizeOf(EmbedLane lane) => lane.Session.Session.BatchSize is > 0 and var only ? Math.Min(only, tuning.Largest) : tuning.Size;

    // A session of fixed batches computes a whole one whatever it is given.
    private int Share(EmbedLane lane)
    {
        var threads = Math.Min(division.Threads, division.Runs);
        return lane.Session.Session.BatchSize > 0 ? SizeOf(lane) : lane.Share ??= Math.Min(SizeOf(lane), (lane.Count + threads - 1) / threads);
    }

    private EmbedLane LaneOf(TapSession session)
    {
        foreach (var lane in _lanes)
        {
            if (lane.Session == session)
            {
                return lane;
            }
        }

        _lanes.Add(new EmbedLane(session));
        return _lanes[^1];
    }

    private void Wait()
    {
        var start = ThreadTime.Now;
        _waiting++;
        Monitor.Wait(_lock);
        _waiting--;
        clocks.Wait.Stop(start, 0);
    }

    private void Wake()
    {
        if (_waiting > 0)
        {
            Monitor.PulseAll(_lock);
        }
    }
}
