using OnnxTransfer.Embeddings;

namespace OnnxTransfer.Tests.Embeddings;

public sealed class EmbeddingCacheTests : IDisposable
{
    private static readonly SpaceIdentity Identity = new()
    {
        Backbone = "tiny", BackboneSha256 = "00", Tap = "a:average", Computation = "c", Preprocessing = "p", Decoder = "d", Precision = "fp32", Width = 3,
    };

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_written_is_found_by_the_next_process()
    {
        Fill(0, 10, partRows: 4);

        using var cache = EmbeddingCache.Open(_folder["cache"]);
        var space = cache.Space(Identity);

        Assert.Equal(10, space.Count);
        Assert.Equal([7f, 8f, 9f], space.Row(space.Find(Key(7))!.Value).ToArray());
        var copy = new float[3];
        space.Copy(space.Find(Key(9))!.Value, copy);
        Assert.Equal([9f, 10f, 11f], copy);
        Assert.Null(space.Find(Key(10)));
        Assert.Equal(3, Directory.GetFiles(space.PartsFolder, "*.json").Length);
    }

    [Fact]
    public void Spaces_that_differ_in_anything_are_apart()
    {
        var others = new[]
        {
            Identity with { BackboneSha256 = "01" }, Identity with { Computation = "x" }, Identity with { Preprocessing = "x" },
            Identity with { Decoder = "x" }, Identity with { Precision = "fp16" }, Identity with { Width = 4 },
        };

        Assert.Equal(7, others.Append(Identity).Select(identity => identity.Id()).Distinct().Count());
        Assert.Equal(Identity.Id(), (Identity with { Backbone = "renamed" }).Id());
    }

    [Fact]
    public void A_part_without_its_record_does_not_exist_and_harms_nobody()
    {
        Fill(0, 4, partRows: 2);
        using (var cache = EmbeddingCache.Open(_folder["cache"]))
        {
            var parts = Directory.GetFiles(cache.Space(Identity).PartsFolder, "*.json").Order().ToArray();
            File.Delete(parts[1]); // as if the run had been killed before the record was written
            File.WriteAllText(parts[0] + ".0123.tmp", "half"); // and in the middle of another
        }

        using (var again = EmbeddingCache.Open(_folder["cache"]))
        {
            Assert.Equal(2, again.Space(Identity).Count);
        }

        var verified = CacheVerifier.Verify(_folder["cache"]);
        Assert.True(verified.IsSound);
        Assert.Equal(3, verified.Leftovers.Count); // keys, values, temporary file
        Assert.Equal(3, CachePruner.Prune(_folder["cache"]).Files);
        Assert.Empty(CacheVerifier.Verify(_folder["cache"]).Leftovers);
    }

    [Fact]
    public void A_changed_byte_is_found_and_pruned()
    {
        Fill(0, 4, partRows: 2);
        var values = Directory.GetFiles(_folder.Path, "*.values.npy", SearchOption.AllDirectories).Order().First();
        var bytes = File.ReadAllBytes(values);
        bytes[^2] ^= 1;
        File.WriteAllBytes(values, bytes);

        var verified = CacheVerifier.Verify(_folder["cache"]);

        Assert.Equal([$"{values}: its checksum differs from its record's: it was changed after it was written"], verified.Faults);
        Assert.Equal(2, verified.Embeddings);
        Assert.Equal(1, CachePruner.Prune(_folder["cache"], damaged: true).DamagedParts);
        Assert.True(CacheVerifier.Verify(_folder["cache"]).IsSound);
    }

    [Fact]
    public void Checkpoints_go_only_when_asked_for()
    {
        Fill(0, 1, partRows: 1);
        File.WriteAllText(_folder["cache", "tuned", "a.checkpoint"], "of a training");

        Assert.Equal([_folder["cache", "tuned", "a.checkpoint"]], CachePruner.Checkpoints(_folder["cache"]));
        Assert.Equal(0, CachePruner.Prune(_folder["cache"]).Files);
        Assert.Equal((1, 13L), CachePruner.Prune(_folder["cache"], checkpoints: true) is var pruned ? (pruned.Files, pruned.Bytes) : default);
        Assert.Empty(CachePruner.Checkpoints(_folder["cache"]));
        Assert.True(CacheVerifier.Verify(_folder["cache"]).IsSound);
    }

    [Fact]
    public void A_space_can_be_removed_whole()
    {
        Fill(0, 4, partRows: 2);

        var pruned = CachePruner.Prune(_folder["cache"], spaces: [Identity.Id()[..6]]);

        Assert.Equal(1, pruned.Spaces);
        using var cache = EmbeddingCache.Open(_folder["cache"]);
        Assert.Empty(cache.Spaces());
        var error = Assert.Throws<CacheException>(() => CachePruner.Prune(_folder["cache"], spaces: ["ffff"]));
        Assert.Equal($"{_folder["cache"]}: no space whose id begins with 'ffff'; cache info lists them", error.Message);
    }

    [Fact]
    public void Many_writers_share_one_cache()
    {
        Parallel.For(0, 8, writer => Fill(writer * 50, 60, partRows: 7)); // each overlaps the next by ten

        using var cache = EmbeddingCache.Open(_folder["cache"]);
        var space = cache.Space(Identity);
        Assert.Equal(410, space.Count);
        for (var i = 0; i < 410; i++)
        {
            Assert.Equal(i, space.Row(space.Find(Key(i))!.Value)[0]);
        }

        Assert.True(CacheVerifier.Verify(_folder["cache"]).IsSound);
    }

    [Fact]
    public void Parts_of_others_are_taken_in_while_open()
    {
        using var cache = EmbeddingCache.Open(_folder["cache"]);
        var space = cache.Space(Identity);
        Fill(0, 4, partRows: 2);

        space.Refresh();

        Assert.Equal(4, space.Count);
    }

    [Fact]
    public void A_folder_of_other_files_is_no_cache()
    {
        _folder.With("photo.jpg");

        var error = Assert.Throws<CacheException>(() => EmbeddingCache.Open(_folder.Path));

        Assert.Equal($"{_folder.Path}: holds other files (photo.jpg) and is no embedding cache; name an empty or a new folder", error.Message);
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_told()
    {
        _folder.With("file");

        var error = Assert.Throws<CacheException>(() => EmbeddingCache.Open(_folder["file"] + "/cache"));

        Assert.StartsWith($"{_folder["file"]}/cache: cannot be used as a cache (", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Verifying_what_is_no_cache_is_an_error()
    {
        var error = Assert.Throws<CacheException>(() => CacheVerifier.Verify(_folder.Path));

        Assert.Equal(
            $"{_folder.Path}: no embedding cache here; expected a folder with onnxtransfer-cache.json, as embed and train make it", error.Message);
    }

    private static ContentKey Key(int i) => ContentKey.Of([(byte)i, (byte)(i >> 8)]);

    private void Fill(int first, int count, int partRows)
    {
        using var cache = EmbeddingCache.Open(_folder["cache"]);
        var writer = new PartWriter(cache.Space(Identity), new PartLimits(partRows * 12, 60_000, 60_000));
        for (var i = first; i < first + count; i++)
        {
            writer.Add(Key(i), [i, i + 1, i + 2]);
        }

        writer.Flush();
    }
}
