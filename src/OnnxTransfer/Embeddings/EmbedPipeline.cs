using System.Buffers;
using System.Collections.Concurrent;
using System.Threading.Channels;
using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Inference;

namespace OnnxTransfer.Embeddings;

/// <summary>
/// One run over a list of images: a pool of threads reads, decodes and resizes; one runs the backbone; one writes. They
/// overlap through bounded channels, so memory does not grow with the number of images. Images that lack the same taps
/// share their batches, which are computed at these taps only. When it is cancelled, what was decoded is still embedded
/// and written.
/// </summary>
internal sealed class EmbedPipeline(
    Backbone backbone, EmbeddingCache cache, SpaceSet spaces, IReadOnlyList<ImageSource> images, EmbedSettings settings)
{
    private readonly PipelineClocks _clocks = new();
    private readonly int _pixelBytes = 3 * backbone.PixelHeight * backbone.PixelWidth;
    private readonly ImageClaims _claims = new(images.Count);
    private readonly ConcurrentDictionary<int, string> _failures = [];
    private readonly int[] _embeddedByTap = new int[backbone.Taps.Count];
    private int _next = -1;
    private int _embedded;
    private int _runs;
    private int _fromCache;

    /// <summary>Decoder and content of each image; a null decoder where it failed.</summary>
    public ImageIdentity[] Results => _claims.Images;

    /// <summary>True when the image's content was embedded in this run as that of another image; complete at the end.</summary>
    public bool IsTwin(int image) => _claims.IsTwin(image);

    public int Embedded => Volatile.Read(ref _embedded);

    /// <summary>Batches that the backbone ran.</summary>
    public int Runs => Volatile.Read(ref _runs);

    public int FromCache => Volatile.Read(ref _fromCache);

    /// <summary>For each tap, how many images were embedded at it; complete at the end of the run.</summary>
    public IReadOnlyList<int> EmbeddedByTap => _embeddedByTap;

    /// <summary>Reason by index of the image.</summary>
    public IReadOnlyDictionary<int, string> Failures => _failures;

    public IReadOnlyList<StageWork> Work() => _clocks.Work();

    /// <summary>Runs to the end, to cancellation, or to the first failure too many.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var files = new ImageBytes();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var prepared = Channel.CreateBounded<PreparedImage>(new BoundedChannelOptions(2 * backbone.BatchSize) { SingleReader = true });

        var workers = Enumerable.Range(0, Math.Min(settings.Decoders, images.Count))
            .Select(_ => Task.Run(() => PrepareAllAsync(files, prepared.Writer, stop)))
            .ToArray();
        var pool = Task.WhenAll(workers).ContinueWith(
            done => prepared.Writer.Complete(done.Exception?.InnerException), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        try
        {
            await InferAllAsync(prepared.Reader);
        }
        catch
        {
            // The pool must not wait for ever on a channel that nobody reads any more.
            await stop.CancelAsync();
            await DrainAsync(prepared.Reader);
            throw;
        }
        finally
        {
            await pool;
            cache.Memo.Flush();
        }

        cancellation.ThrowIfCancellationRequested();
    }

    private async Task PrepareAllAsync(ImageBytes files, ChannelWriter<PreparedImage> prepared, CancellationTokenSource stop)
    {
        var preparer = new ImagePreparer(backbone, cache, spaces, files, _clocks);
        var i = 0;
        Func<ImageIdentity, bool> claim = image => _claims.Claim(i, image);
        while (!stop.IsCancellationRequested && (i = Interlocked.Increment(ref _next)) < images.Count)
        {
            try
            {
                var result = preparer.Prepare(images[i], claim);
                Results[i] = result.Image;
                if (result.Pixels is null)
                {
                    Interlocked.Increment(ref _fromCache);
                }
                else
                {
                    await prepared.WriteAsync(new PreparedImage(result.Image, result.Missing, result.Pixels), CancellationToken.None);
                }
            }
            catch (OnnxTransferException error) when (error is not CacheException)
            {
                Results[i] = default;
                _failures[i] = error.Message;
                if (_failures.Count > settings.MaxFailures)
                {
                    await stop.CancelAsync();
                }
            }
            catch
            {
                await stop.CancelAsync();
                throw;
            }
        }
    }

    private async Task InferAllAsync(ChannelReader<PreparedImage> prepared)
    {
        var full = Channel.CreateBounded<EmbeddedBatch>(2);
        var empty = Channel.CreateUnbounded<EmbeddedBatch>();
        for (var i = 0; i < 3; i++)
        {
            empty.Writer.TryWrite(new EmbeddedBatch(backbone.BatchSize, [.. backbone.Taps.Select(tap => tap.Width)]));
        }

        var writer = Task.Run(() => WriteAllAsync(full.Reader, empty.Writer));
        var lanes = new Dictionary<TapSession, EmbedLane>();
        Exception? fault = null;
        try
        {
            await RunAllAsync(prepared, lanes, async lane => await empty.Reader.WaitToReadAsync() && empty.Reader.TryRead(out var batch)
                && await WriteOrStopAsync(full.Writer, Run(lane, batch), writer));
        }
        catch (Exception error)
        {
            fault = error;
            throw;
        }
        finally
        {
            full.Writer.TryComplete();
            foreach (var lane in lanes.Values)
            {
                lane.Dispose();
            }

            if (fault is null)
            {
                await writer; // its own fault, such as a full disk, ends the run
            }
            else
            {
                await writer.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
        }
    }

    // The last batch of a lane may stay short; all others are filled, however slowly images come. Ends early where
    // flush says that nothing can be written any more.
    private async Task RunAllAsync(ChannelReader<PreparedImage> prepared, Dictionary<TapSession, EmbedLane> lanes, Func<EmbedLane, Task<bool>> flush)
    {
        await foreach (var image in prepared.ReadAllAsync())
        {
            var session = backbone.SessionFor(image.Missing);
            if (!lanes.TryGetValue(session, out var lane))
            {
                lanes[session] = lane = new EmbedLane(session, _pixelBytes);
            }

            lane.Add(image);
            if (lane.IsFull && !await flush(lane))
            {
                return;
            }
        }

        foreach (var lane in lanes.Values.Where(lane => lane.Count > 0))
        {
            if (!await flush(lane))
            {
                return;
            }
        }
    }

    private EmbeddedBatch Run(EmbedLane lane, EmbeddedBatch batch)
    {
        var start = StageClock.Start();
        lane.Run(batch);
        Interlocked.Increment(ref _runs);
        if (backbone.Precision.StartsWith("fp16", StringComparison.Ordinal) && batch.NotFinite() is { } tap)
        {
            throw new InferenceException($"backbone '{backbone.Description.Name}' at {backbone.Taps[tap].Label}: an embedding is not finite in fp16, "
                + "whose largest number is 65504; expected one that fits: embed in fp32");
        }

        _clocks.Infer.Stop(start, batch.Count);
        return batch;
    }

    private static async Task<bool> WriteOrStopAsync(ChannelWriter<EmbeddedBatch> full, EmbeddedBatch batch, Task writer)
    {
        while (await full.WaitToWriteAsync())
        {
            if (full.TryWrite(batch))
            {
                return true;
            }
        }

        await writer;
        return false;
    }

    private async Task WriteAllAsync(ChannelReader<EmbeddedBatch> full, ChannelWriter<EmbeddedBatch> empty)
    {
        var writers = new Dictionary<EmbeddingSpace, PartWriter>();
        try
        {
            await foreach (var batch in full.ReadAllAsync())
            {
                var start = StageClock.Start();
                for (var i = 0; i < batch.Count; i++)
                {
                    Write(batch, i, writers);
                }

                Interlocked.Add(ref _embedded, batch.Count);
                _clocks.Write.Stop(start, batch.Count);
                empty.TryWrite(batch);
            }

            foreach (var writer in writers.Values)
            {
                writer.Flush();
            }
        }
        finally
        {
            // After a fault nobody will return batches any more: the stage before shall see the end instead of waiting.
            empty.TryComplete();
            foreach (var writer in writers.Values)
            {
                writer.Dispose();
            }
        }
    }

    private void Write(EmbeddedBatch batch, int row, Dictionary<EmbeddingSpace, PartWriter> writers)
    {
        var (decoder, key) = batch.Images[row];
        var targets = spaces.For(decoder);
        foreach (var tap in batch.Taps)
        {
            var space = targets[tap];
            if (space.Find(key) is not null)
            {
                continue; // computed on the way to a tap that was missing
            }

            if (!writers.TryGetValue(space, out var writer))
            {
                writers[space] = writer = new PartWriter(space, settings.PartLimits);
            }

            writer.Add(key, batch.Row(tap, row));
            _embeddedByTap[tap]++;
        }
    }

    private static async Task DrainAsync(ChannelReader<PreparedImage> prepared)
    {
        try
        {
            await foreach (var image in prepared.ReadAllAsync())
            {
                ArrayPool<byte>.Shared.Return(image.Pixels);
            }
        }
        catch (Exception)
        {
            // The pool's own fault; the one that brought us here is thrown.
        }
    }
}
