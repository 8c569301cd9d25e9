using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Imaging;
using OnnxTransfer.Inference;

namespace OnnxTransfer.Embeddings;

/// <summary>
/// One run over a list of images: threads that read, decode and resize, or run the backbone, whatever
/// <see cref="EmbedSchedule"/> gives them; one writes. What waits between them is bounded, so memory does not grow with the
/// number of images. Images that lack the same taps share their batches, which are computed at these taps only. When it is
/// cancelled, what was decoded is still embedded and written; when it fails, what was embedded is still written.
/// </summary>
internal sealed class EmbedPipeline : IDisposable
{
    private readonly PipelineClocks _clocks = new();
    private readonly ImageBytes _files = new();
    private readonly ConcurrentDictionary<int, string> _failures = [];
    private readonly Backbone _backbone;
    private readonly EmbeddingCache _cache;
    private readonly SpaceSet _spaces;
    private readonly IReadOnlyList<ImageSource> _images;
    private readonly EmbedSettings _settings;
    private readonly ImageDecoders _decoders;
    private readonly ImageClaims _claims;
    private readonly BatchTuning _tuning;
    private readonly WorkDivision _division;
    private readonly EmbedSchedule _schedule;
    private readonly EmbeddingWriter _writer;
    private int _runs;
    private int _fromCache;
    private string? _memoryNote;

    public EmbedPipeline(Backbone backbone, EmbeddingCache cache, SpaceSet spaces, IReadOnlyList<ImageSource> images, EmbedSettings settings)
    {
        (_backbone, _cache, _spaces, _images, _settings) = (backbone, cache, spaces, images, settings);
        _decoders = ImageDecoders.Default.WithJpeg(settings.Jpeg, backbone.Preprocessing);
        _claims = new ImageClaims(images.Count);
        var runs = backbone.Division;
        _tuning = new BatchTuning(runs.Batch, runs.IsBatchFixed || runs.Threads > 1 || images.Count < settings.LeastToTune ? [] : [.. new[] { 1, 2, 4, 16 }.Where(size => size <= runs.LargestBatch)]);
        _division = WorkDivision.Of(backbone, settings, _tuning.Largest);
        _schedule = new EmbedSchedule(backbone, images.Count, _division, _tuning, _clocks);
        int[] widths = [.. backbone.Taps.Select(tap => tap.Width)];
        _writer = new EmbeddingWriter(
            _division.Runs + 2, () => new EmbeddedBatch(_tuning.Largest, widths), spaces, settings.PartLimits, _clocks.Write, widths.Length, _schedule.Fail);
    }

    /// <summary>Decoder and content of each image; a null decoder where it failed.</summary>
    public ImageIdentity[] Results => _claims.Images;

    /// <summary>True when the image's content was embedded in this run as that of another image; complete at the end.</summary>
    public bool IsTwin(int image) => _claims.IsTwin(image);

    public int Embedded => _writer.Embedded;

    /// <summary>Batches that the backbone ran.</summary>
    public int Runs => Volatile.Read(ref _runs);

    public int FromCache => Volatile.Read(ref _fromCache);

    /// <summary>For each tap, how many images were embedded at it; complete at the end of the run.</summary>
    public IReadOnlyList<int> EmbeddedByTap => _writer.EmbeddedByTap;

    /// <summary>Reason by index of the image.</summary>
    public IReadOnlyDictionary<int, string> Failures => _failures;

    /// <summary>Each stage's work in a run of <paramref name="seconds"/>.</summary>
    public IReadOnlyList<StageWork> Work(double seconds) => _clocks.Work(_division, seconds);

    /// <summary>What limited a run of <paramref name="seconds"/>, and what would move it.</summary>
    public string? Bottleneck(double seconds) => Embedded == 0
        ? null
        : Embeddings.Bottleneck.Of(Work(seconds), _division, _clocks.Threads(seconds), seconds, _clocks.Sort(_settings.Jpeg == JpegDecoding.Exact), _backbone);

    /// <summary>How the run was divided.</summary>
    public EmbedDivision Division() => new()
    {
        Cores = Environment.ProcessorCount,
        Threads = _division.Threads,
        DecodeThreads = _division.Decoders,
        Runs = _division.Runs,
        ThreadsPerRun = _backbone.Division.Threads,
        Batch = _tuning.Size,
        Reason = _tuning.Told ?? _backbone.Division.Reason,
        Note = string.Join("; ", new[] { _division.Note, _memoryNote }.OfType<string>()) is { Length: > 0 } note ? note : null,
    };

    /// <summary>Runs to the end, to cancellation, or to the first failure too many.</summary>
    public void Run(CancellationToken cancellation)
    {
        try
        {
            using (cancellation.Register(_schedule.Stop))
            {
                // Threads of its own: they block, and a caller's pool may have none to spare.
                Start().ForEach(thread => thread.Join());
            }
        }
        finally
        {
            _writer.Complete();
        }

        TryFlushMemo();
        if (_schedule.Fault is { } fault)
        {
            ExceptionDispatchInfo.Throw(fault);
        }

        cancellation.ThrowIfCancellationRequested();
    }

    public void Dispose() => _files.Dispose();

    private List<Thread> Start()
    {
        var started = new List<Thread>();
        try
        {
            for (var i = 0; i < _division.Threads; i++)
            {
                var number = i;
                var thread = new Thread(() => WorkOn(number)) { IsBackground = true, Name = $"embed {i}" };
                thread.Start();
                started.Add(thread);
            }
        }
        catch (OutOfMemoryException error)
        {
            // So .NET says that the system gives no further thread. Those there are must end before anything is disposed.
            _schedule.Fail(new InferenceException($"{_division.Threads} threads were asked for and the system gives {started.Count}; ask for fewer (--threads, --decode-threads)", error));
        }

        return started;
    }

    private void WorkOn(int thread)
    {
        var start = ThreadTime.Now;
        try
        {
            // Runs stay with their thread, as a CUDA graph must, and with one GPU.
            using var runner = new BatchRunner(_backbone, thread % _backbone.DeviceCount, _tuning.Largest);
            var preparer = new ImagePreparer(_backbone, _cache, _spaces, _files, _decoders, _clocks, _settings.View);
            var batch = new List<PreparedImage>(_tuning.Largest);
            var current = -1;
            Func<ImageIdentity, bool> claim = image => _claims.Claim(current, image);
            var role = _division.RoleOf(thread);
            while (_schedule.Next(role, batch) is var task && (task.Lane is not null || task.Image >= 0))
            {
                if (task.Lane is { } lane)
                {
                    RunBatch(runner, lane, batch);
                }
                else
                {
                    current = task.Image;
                    _schedule.Decoded(Prepare(preparer, current, claim));
                }
            }
        }
        catch (Exception fault)
        {
            _schedule.Fail(fault);
        }

        _clocks.All.Stop(start, 0);
    }

    // The memo only saves time: what kept it from being written must not hide what ended the run, nor end a run that is done.
    private void TryFlushMemo()
    {
        try
        {
            _cache.Memo.Flush();
        }
        catch (CacheException)
        {
        }
    }

    private PreparedImage? Prepare(ImagePreparer preparer, int index, Func<ImageIdentity, bool> claim)
    {
        try
        {
            var result = preparer.Prepare(_images[index], claim);
            Results[index] = result.Image;
            if (result.Pixels is not null)
            {
                return new PreparedImage(result.Image, result.Missing, result.Pixels);
            }

            Interlocked.Increment(ref _fromCache);
        }
        catch (OnnxTransferException error) when (error is not (CacheException or DecoderException))
        {
            Results[index] = default;
            _failures[index] = error.Message;
            if (_failures.Count > _settings.MaxFailures)
            {
                _schedule.Stop();
            }
        }

        return null;
    }

    private void RunBatch(BatchRunner runner, EmbedLane lane, List<PreparedImage> batch)
    {
        // A thread that waits for a slow disk has nothing to do.
        var asked = ThreadTime.Now;
        var embedded = _writer.Rent();
        _clocks.Wait.Stop(asked, 0);
        if (embedded is null)
        {
            return; // nothing can be written any more: the schedule knows
        }

        var start = ThreadTime.Now;
        try
        {
            runner.Run(lane.Taps, batch, embedded);
        }
        catch (InferenceException error) when (error is not DeviceLostException)
        {
            throw new InferenceException($"{error.Message}; what was embedded before is kept: run again to go on from there", error);
        }

        Interlocked.Increment(ref _runs);
        _memoryNote ??= runner.MemoryNote;
        if (_backbone.Precision.Contains("fp16", StringComparison.Ordinal) && embedded.NotFinite() is { } tap)
        {
            throw new InferenceException($"backbone '{_backbone.Description.Name}' at {_backbone.Taps[tap].Label}: an embedding is not finite in fp16, "
                + "whose largest number is 65504; expected one that fits: embed in fp32");
        }

        var end = _clocks.Infer.Stop(start, batch.Count);
        _writer.Add(embedded);
        _schedule.Ran(lane, batch.Count, start.SecondsTo(end));
    }
}
