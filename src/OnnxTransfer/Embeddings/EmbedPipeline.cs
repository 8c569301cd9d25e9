using System.Buffers;
using System.Collections.Concurrent;
using System.Threading.Channels;
using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Inference;

namespace OnnxTransfer.Embeddings;

/// <summary>
/// One run over a list of images: a pool of threads reads, decodes and resizes; one runs the backbone; one writes. They
/// overlap through bounded channels, so memory does not grow with the number of images. When it is cancelled, what was
/// decoded is still embedded and written.
/// </summary>
internal sealed class EmbedPipeline(
    Backbone backbone, EmbeddingCache cache, SpaceSet spaces, IReadOnlyList<ImageSource> images, EmbedSettings settings)
{
    private readonly PipelineClocks _clocks = new();
    private readonly int _pixelBytes = 3 * backbone.PixelHeight * backbone.PixelWidth;
    private readonly HashSet<ImageIdentity> _claimed = [];
    private readonly ConcurrentDictionary<int, string> _failures = [];
    private readonly ImageIdentity[] _results = new ImageIdentity[images.Count];
    private int _next = -1;
    private int _embedded;
    private int _fromCache;

    /// <summary>Decoder and content of each image; a null decoder where it failed.</summary>
    public ImageIdentity[] Results => _results;

    public int Embedded => Volatile.Read(ref _embedded);

    public int FromCache => Volatile.Read(ref _fromCache);

    /// <summary>Reason by index of the image.</summary>
    public IReadOnlyDictionary<int, string> Failures => _failures;

    public IReadOnlyList<StageWork> Work() => _clocks.Work();

    /// <summary>Runs to the end, to cancellation, or to the first failure too many.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var files = new ImageBytes();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var prepared = Channel.CreateBounded<PreparedImage>(new BoundedChannelOptions(2 * backbone.BatchSize) { SingleReader = true });
        var threads = settings.DecodeThreads > 0 ? settings.DecodeThreads : Environment.ProcessorCount;

        var workers = Enumerable.Range(0, Math.Min(threads, images.Count))
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
        Func<ImageIdentity, bool> claim = image =>
        {
            lock (_claimed)
            {
                return _claimed.Add(image);
            }
        };
        for (int i; !stop.IsCancellationRequested && (i = Interlocked.Increment(ref _next)) < images.Count;)
        {
            try
            {
                var result = preparer.Prepare(images[i], claim);
                _results[i] = result.Image;
                if (result.Pixels is null)
                {
                    Interlocked.Increment(ref _fromCache);
                }
                else
                {
                    await prepared.WriteAsync(new PreparedImage(result.Image, result.Pixels), CancellationToken.None);
                }
            }
            catch (OnnxTransferException error) when (error is not CacheException)
            {
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
        Exception? fault = null;
        try
        {
            using var buffers = backbone.CreateBuffers();
            while (await prepared.WaitToReadAsync() && await empty.Reader.WaitToReadAsync() && empty.Reader.TryRead(out var batch))
            {
                await FillAsync(prepared, buffers, batch);
                var start = StageClock.Start();
                backbone.Run(buffers, batch.Count);
                for (var tap = 0; tap < backbone.Taps.Count; tap++)
                {
                    buffers.Output(tap).CopyTo(batch.Values[tap]);
                }

                _clocks.Infer.Stop(start, batch.Count);
                if (!await WriteOrStopAsync(full.Writer, batch, writer))
                {
                    break;
                }
            }
        }
        catch (Exception error)
        {
            fault = error;
            throw;
        }
        finally
        {
            full.Writer.TryComplete();
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

    // The last batch of a run may stay short; all others are filled, however slowly images come.
    private async Task FillAsync(ChannelReader<PreparedImage> prepared, BatchBuffers buffers, EmbeddedBatch batch)
    {
        batch.Count = 0;
        while (batch.Count < backbone.BatchSize && await prepared.WaitToReadAsync())
        {
            while (batch.Count < backbone.BatchSize && prepared.TryRead(out var image))
            {
                image.Pixels.AsSpan(0, _pixelBytes).CopyTo(buffers.Image(batch.Count));
                ArrayPool<byte>.Shared.Return(image.Pixels);
                batch.Images[batch.Count++] = image.Image;
            }
        }
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
        var targets = spaces.For(batch.Images[row].Decoder);
        for (var tap = 0; tap < targets.Length; tap++)
        {
            var space = targets[tap];
            if (space.Find(batch.Images[row].Key) is not null)
            {
                continue; // another tap was missing, this one is there
            }

            if (!writers.TryGetValue(space, out var writer))
            {
                writers[space] = writer = new PartWriter(space, settings.PartLimits);
            }

            writer.Add(batch.Images[row].Key, batch.Values[tap].AsSpan(row * space.Identity.Width, space.Identity.Width));
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
