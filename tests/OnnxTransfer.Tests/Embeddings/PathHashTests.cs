using OnnxTransfer.Embeddings;

namespace OnnxTransfer.Tests.Embeddings;

public sealed class PathHashTests
{
    [Fact]
    public void Paths_that_differ_in_a_digit_a_length_or_an_order_are_far_apart()
    {
        var paths = Enumerable.Range(0, 100_000).Select(i => $"/photos/{i % 10}/{i:000000}.jpg")
            .Concat(Enumerable.Range(0, 200).Select(i => new string('a', i)))
            .Concat(Enumerable.Range(1, 200).Select(i => new string('\0', i)))
            .Concat(["ab", "ba", "abcdabce", "abceabcd"]);
        var keys = paths.Select(path => PathHash.Of(path)).ToArray();

        // Either half alone tells them apart, and every bit is set in about half of them.
        Assert.Equal(keys.Length, keys.Select(key => (ulong)key).Distinct().Count());
        Assert.Equal(keys.Length, keys.Select(key => (ulong)(key >> 64)).Distinct().Count());
        Assert.All(Enumerable.Range(0, 128), bit => Assert.InRange(keys.Count(key => (key >> bit & 1) == 1) / (double)keys.Length, 0.49, 0.51));
    }
}
