using OnnxTransfer.Embeddings;

namespace OnnxTransfer.Tests.Embeddings;

public sealed class RowIndexTests
{
    [Fact]
    public void It_holds_what_a_dictionary_holds()
    {
        var (index, expected, random) = (new RowIndex<int, int>(), new Dictionary<int, int>(), new Random(3));
        for (var i = 0; i < 20_000; i++)
        {
            var key = random.Next(8000) * 16; // many keys for one slot
            if (i % 3 == 0)
            {
                index.Set(key, i);
                expected[key] = i;
            }
            else
            {
                index.TryAdd(key, i);
                expected.TryAdd(key, i);
            }
        }

        Assert.Equal(expected.Count, index.Count);
        Assert.All(Enumerable.Range(0, 128_000), key =>
            Assert.Equal(expected.TryGetValue(key, out var value) ? value : null, index.TryFind(key, out var found) ? found : (int?)null));
        Assert.Equal(expected.OrderBy(pair => pair.Key), index.From(0).Select(row => KeyValuePair.Create(row.Key, row.Value)).OrderBy(pair => pair.Key));
    }

    [Fact]
    public void Many_read_while_one_writes()
    {
        var index = new RowIndex<int, int>();
        var writer = Task.Run(() =>
        {
            for (var i = 1; i <= 200_000; i++)
            {
                index.TryAdd(i, 2 * i);
            }
        });
        Parallel.For(0, 4, _ =>
        {
            // What is there stays there and has its own value.
            for (var last = 0; last < 200_000;)
            {
                if (index.TryFind(last + 1, out var value))
                {
                    Assert.Equal(2 * ++last, value);
                }
                else
                {
                    Assert.False(writer.IsFaulted);
                }
            }
        });

        Assert.Equal(200_000, index.Count);
    }
}
