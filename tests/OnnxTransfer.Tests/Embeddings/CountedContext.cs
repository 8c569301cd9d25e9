namespace OnnxTransfer.Tests.Embeddings;

/// <summary>What a window's thread has, but for the window: it counts what is sent to it, and lets the pool do it.</summary>
internal sealed class CountedContext : SynchronizationContext
{
    private int _posts;

    public int Posts => Volatile.Read(ref _posts);

    public override void Post(SendOrPostCallback d, object? state)
    {
        Interlocked.Increment(ref _posts);
        base.Post(d, state);
    }
}
