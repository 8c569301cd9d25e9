namespace OnnxTransfer.Embeddings;

/// <summary>
/// A thread that writes embeddings into their spaces, so that runs do not wait for the disk until it is some batches behind.
/// What it was given is written even when the run ends with a fault.
/// </summary>
internal sealed class EmbeddingWriter
{
    private readonly object _lock = new();
    private readonly Queue<EmbeddedBatch> _full = [];
    private readonly Stack<EmbeddedBatch> _empty = [];
    private readonly SpaceSet _spaces;
    private readonly PartLimits _limits;
    private readonly StageClock _clock;
    private readonly int[] _embeddedByTap;
    private readonly Action<Exception> _failed;
    private readonly Thread _thread;
    private int _embedded;
    private bool _completed;
    private bool _faulted;

    /// <param name="ahead">Batches that may be filled or wait to be written at once.</param>
    /// <param name="make">Makes one.</param>
    /// <param name="spaces">Where they go.</param>
    /// <param name="limits">Of the parts.</param>
    /// <param name="clock">Counts the writing.</param>
    /// <param name="taps">How many taps there are.</param>
    /// <param name="failed">Told when nothing more can be written.</param>
    public EmbeddingWriter(int ahead, Func<EmbeddedBatch> make, SpaceSet spaces, PartLimits limits, StageClock clock, int taps, Action<Exception> failed)
    {
        (_spaces, _limits, _clock, _embeddedByTap, _failed) = (spaces, limits, clock, new int[taps], failed);
        for (var i = 0; i < ahead; i++)
        {
            _empty.Push(make());
        }

        _thread = new Thread(WriteAll) { IsBackground = true, Name = "embedding writer" };
        _thread.Start();
    }

    /// <summary>Images written until now.</summary>
    public int Embedded => Volatile.Read(ref _embedded);

    /// <summary>For each tap, how many images were written; complete after <see cref="Complete"/>.</summary>
    public IReadOnlyList<int> EmbeddedByTap => _embeddedByTap;

    /// <summary>Waits for a batch to fill; null after a fault.</summary>
    public EmbeddedBatch? Rent()
    {
        lock (_lock)
        {
            while (_empty.Count == 0 && !_faulted)
            {
                Monitor.Wait(_lock);
            }

            return _faulted ? null : _empty.Pop();
        }
    }

    /// <summary>Hands a filled batch over.</summary>
    public void Add(EmbeddedBatch batch)
    {
        lock (_lock)
        {
            _full.Enqueue(batch);
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>Writes what is left and ends.</summary>
    public void Complete()
    {
        lock (_lock)
        {
            _completed = true;
            Monitor.PulseAll(_lock);
        }

        _thread.Join();
    }

    private void WriteAll()
    {
        var writers = new Dictionary<EmbeddingSpace, PartWriter>();
        try
        {
            while (Next() is { } batch)
            {
                var start = ThreadTime.Now;
                for (var i = 0; i < batch.Count; i++)
                {
                    Write(batch, i, writers);
                }

                Interlocked.Add(ref _embedded, batch.Count);
                _clock.Stop(start, batch.Count);
                Return(batch);
            }

            var end = ThreadTime.Now;
            foreach (var writer in writers.Values)
            {
                writer.Flush();
            }

            _clock.Stop(end, 0);
        }
        catch (Exception fault)
        {
            Fail(fault);
        }
        finally
        {
            foreach (var writer in writers.Values)
            {
                writer.Dispose();
            }
        }
    }

    private void Write(EmbeddedBatch batch, int row, Dictionary<EmbeddingSpace, PartWriter> writers)
    {
        var (decoder, key) = batch.Images[row];
        var targets = _spaces.For(decoder);
        foreach (var tap in batch.Taps)
        {
            var space = targets[tap];
            if (space.Find(key) is not null)
            {
                continue; // computed on the way to a tap that was missing
            }

            if (!writers.TryGetValue(space, out var writer))
            {
                writers[space] = writer = new PartWriter(space, _limits);
            }

            writer.Add(key, batch.Row(tap, row));
            _embeddedByTap[tap]++;
        }
    }

    private EmbeddedBatch? Next()
    {
        lock (_lock)
        {
            while (_full.Count == 0 && !_completed)
            {
                Monitor.Wait(_lock);
            }

            return _full.TryDequeue(out var batch) ? batch : null;
        }
    }

    private void Return(EmbeddedBatch batch)
    {
        lock (_lock)
        {
            _empty.Push(batch);
            Monitor.PulseAll(_lock);
        }
    }

    // Nobody will return batches any more: those who wait for one shall see the end.
    private void Fail(Exception fault)
    {
        _failed(fault);
        lock (_lock)
        {
            _faulted = true;
            Monitor.PulseAll(_lock);
        }
    }
}
