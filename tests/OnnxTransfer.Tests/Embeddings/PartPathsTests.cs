using OnnxTransfer.Embeddings;

namespace OnnxTransfer.Tests.Embeddings;

public class PartPathsTests
{
    [Fact]
    public void Names_sort_in_the_order_of_writing_however_fast_they_follow()
    {
        var names = Enumerable.Range(0, 10_000).Select(_ => PartPaths.New("folder").Name).ToArray();

        Assert.Equal(names, names.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void No_two_writers_of_a_process_take_the_same_time()
    {
        var times = Enumerable.Range(0, 10_000).AsParallel().Select(_ => PartPaths.New("folder").Name.Split('-')[0]);

        Assert.Equal(10_000, times.Distinct().Count());
    }
}
