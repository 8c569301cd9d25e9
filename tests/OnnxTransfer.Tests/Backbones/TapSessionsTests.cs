using OnnxTransfer.Backbones;
using OnnxTransfer.Inference;

namespace OnnxTransfer.Tests.Backbones;

public sealed class TapSessionsTests : IDisposable
{
    private readonly TinyBackbone _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [Fact]
    public void An_early_tap_alone_runs_only_what_leads_to_it()
    {
        using var backbone = Load("a", "b");

        var early = backbone.SessionFor(TapSet.Of(0));

        Assert.Equal([0], early.Taps);
        Assert.Equal("embedding_a_grid2", Assert.Single(early.Session.Outputs).Name);
        Assert.Equal(2, backbone.SessionFor(TapSet.First(2)).Nodes - early.Nodes); // the second convolution with its Relu
        Assert.Same(early, backbone.SessionFor(TapSet.Of(0)));
    }

    [Fact]
    public void The_last_tap_alone_spares_nothing_and_opens_nothing()
    {
        using var backbone = Load("a", "b");

        Assert.Same(backbone.SessionFor(TapSet.First(2)), backbone.SessionFor(TapSet.Of(1)));
    }

    [Fact]
    public void Few_sessions_are_open_at_once_and_a_larger_one_serves_the_rest()
    {
        _tiny.Json["taps"]!.AsArray().Add(System.Text.Json.Nodes.JsonNode.Parse(
            """{ "name": "c1", "tensor": "c1", "shape": [4, 8, 8], "pooling": "max", "width": 4 }"""));
        _tiny.Json["taps"]!.AsArray().Add(System.Text.Json.Nodes.JsonNode.Parse(
            """{ "name": "c2", "tensor": "c2", "shape": [6, 4, 4], "pooling": "max", "width": 6 }"""));
        _tiny.Write();
        using var backbone = Load("c1", "a", "c2", "b", "v");

        var c1 = backbone.SessionFor(TapSet.Of(0));
        var a = backbone.SessionFor(TapSet.Of(1));
        var c2 = backbone.SessionFor(TapSet.Of(2));
        var b = backbone.SessionFor(TapSet.Of(3));
        var firstTwo = backbone.SessionFor(TapSet.First(2));

        Assert.Equal([0, 1, 2, 3, 4], b.Taps);
        Assert.Equal([0, 1, 2, 3, 4], firstTwo.Taps);
        Assert.Equal(4, new[] { c1, a, c2, b, firstTwo }.Distinct().Count());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    public void A_set_knows_its_taps(int count)
    {
        var all = TapSet.First(count);

        Assert.Equal(Enumerable.Range(0, count), all.Indices());
        Assert.True(TapSet.Of(count - 1).IsWithin(all));
        Assert.Equal(count == 1, all.IsWithin(TapSet.Of(0)));
        Assert.True(default(TapSet).IsEmpty && !all.IsEmpty);
    }

    private Backbone Load(params string[] taps) =>
        Backbone.Load("tiny", ExecutionProvider.Cpu, new() { Catalogue = _tiny.Catalogue, Taps = taps, Threads = 1 });
}
