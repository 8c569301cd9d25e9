using Microsoft.ML;
using Microsoft.ML.Data;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;
using OnnxTransfer.Tests.Heads;

namespace OnnxTransfer.MLNet.Tests;

/// <summary>What ML.NET sees of an embedding set: schema, values, order.</summary>
public class EmbeddingDataViewTests
{
    private static readonly EmbeddingSet Birds = new()
    {
        Rows = new Matrix(3, 2, [1, 2, 3, 4, 5, 6]),
        Labels = [1, -1, 0],
        Classes = ["owl", "wren"],
        Weights = [1, 0.5, 2],
        Names = ["a.png", "b.png", "c.png"],
    };

    [Fact]
    public void Classes_give_a_key_whose_values_are_their_names()
    {
        var view = Birds.ToDataView();
        Assert.Equal(["Embedding", "Label", "Weight", "Name"], view.Schema.Select(column => column.Name));
        Assert.Equal(new VectorDataViewType(NumberDataViewType.Single, 2), view.Schema[EmbeddingColumns.Embedding].Type);
        Assert.Equal(new KeyDataViewType(typeof(uint), 2), view.Schema[EmbeddingColumns.Label].Type);
        Assert.Equal(3, view.GetRowCount());

        var names = default(VBuffer<ReadOnlyMemory<char>>);
        view.Schema[EmbeddingColumns.Label].GetKeyValues(ref names);
        Assert.Equal(["owl", "wren"], names.DenseValues().Select(name => name.ToString()));
    }

    [Fact]
    public void Rows_come_in_their_order_with_all_that_is_known_of_them()
    {
        var rows = new MLContext().Data.CreateEnumerable<Bird>(Birds.ToDataView(), reuseRowObject: false).ToArray();
        Assert.Equal<float[]>([[1, 2], [3, 4], [5, 6]], rows.Select(row => row.Embedding));
        Assert.Equal([2u, 0u, 1u], rows.Select(row => row.Label));
        Assert.Equal([1f, 0.5f, 2f], rows.Select(row => row.Weight));
        Assert.Equal(["a.png", "b.png", "c.png"], rows.Select(row => row.Name));
    }

    [Fact]
    public void Targets_give_a_float()
    {
        var view = new EmbeddingSet { Rows = new Matrix(2, 1, [1, 2]), Targets = [0.25, -3] }.ToDataView();
        Assert.Equal(["Embedding", "Label"], view.Schema.Select(column => column.Name));
        Assert.Equal([0.25f, -3f], view.GetColumn<float>(EmbeddingColumns.Label));
    }

    [Fact]
    public void Several_targets_give_a_vector_of_named_slots()
    {
        var view = new EmbeddingSet { Rows = new Matrix(2, 1, [1, 2]), Targets = [1, 2, 3, 4], TargetNames = ["price", "area"] }.ToDataView();
        Assert.Equal(["Embedding", "Targets"], view.Schema.Select(column => column.Name));
        Assert.Equal<float[]>([[1, 2], [3, 4]], view.GetColumn<float[]>(EmbeddingColumns.Targets));
        Assert.Equal(["price", "area"], SlotNames(view, EmbeddingColumns.Targets));
    }

    [Fact]
    public void Several_labels_give_a_vector_of_bools()
    {
        var view = new EmbeddingSet { Rows = new Matrix(2, 1, [1, 2]), LabelSets = [[0, 2], []], Classes = ["sea", "sky", "sun"] }.ToDataView();
        Assert.Equal(["Embedding", "Labels"], view.Schema.Select(column => column.Name));
        Assert.Equal<bool[]>([[true, false, true], [false, false, false]], view.GetColumn<bool[]>(EmbeddingColumns.Labels));
        Assert.Equal(["sea", "sky", "sun"], SlotNames(view, EmbeddingColumns.Labels));
    }

    [Fact]
    public void Splits_and_groups_are_text()
    {
        var view = (Birds with { Splits = [Split.Test, Split.Train, Split.Validation], Groups = ["x", "y", "x"] }).ToDataView();
        Assert.Equal(["Embedding", "Label", "Weight", "Group", "Split", "Name"], view.Schema.Select(column => column.Name));
        Assert.Equal(["test", "train", "validation"], view.GetColumn<string>(EmbeddingColumns.Split));
        Assert.Equal(["x", "y", "x"], view.GetColumn<string>(EmbeddingColumns.Group));
    }

    [Fact]
    public void Rows_without_labels_can_be_predicted()
    {
        var view = new EmbeddingSet { Rows = new Matrix(2, 1, [1, 2]), Labels = [-1, -1] }.ToDataView();
        Assert.Equal(["Embedding"], view.Schema.Select(column => column.Name));
        Assert.Equal<float[]>([[1], [2]], view.GetColumn<float[]>(EmbeddingColumns.Embedding));
    }

    [Fact]
    public void Shuffling_is_repeatable_and_loses_no_row()
    {
        var view = Planted.Classes(50, 2, 2).ToDataView();
        string[] Shuffled(int seed)
        {
            List<string> names = [];
            using var cursor = view.GetRowCursor([view.Schema[EmbeddingColumns.Name]], new Random(seed));
            var getter = cursor.GetGetter<ReadOnlyMemory<char>>(view.Schema[EmbeddingColumns.Name]);
            for (var name = default(ReadOnlyMemory<char>); cursor.MoveNext(); names.Add(name.ToString()))
            {
                getter(ref name);
            }

            return [.. names];
        }

        Assert.True(view.CanShuffle);
        Assert.Equal(Shuffled(1), Shuffled(1));
        Assert.NotEqual(Shuffled(1), Shuffled(2));
        Assert.Equal(Enumerable.Range(0, 50).Select(i => $"image{i}.png").Order(), Shuffled(1).Order());
    }

    [Fact]
    public void A_cursor_tells_where_it_stands()
    {
        var view = Birds.ToDataView();
        var column = view.Schema[EmbeddingColumns.Label];
        using var cursor = view.GetRowCursorSet([column], n: 4).Single();
        var getter = cursor.GetGetter<uint>(column);
        uint key = 7;
        string expected = "the cursor stands on no row: read after MoveNext has returned true";
        Assert.Equal(-1, cursor.Position);
        Assert.Equal(expected, Assert.Throws<InvalidOperationException>(() => getter(ref key)).Message);
        for (int row = 0; row < 3; row++)
        {
            Assert.True(cursor.MoveNext());
            Assert.Equal(row, cursor.Position);
        }

        getter(ref key);
        Assert.Equal(1u, key);
        Assert.False(cursor.MoveNext());
        Assert.False(cursor.MoveNext());
        Assert.Equal(-1, cursor.Position);
        Assert.Equal(expected, Assert.Throws<InvalidOperationException>(() => getter(ref key)).Message);
    }

    [Fact]
    public void Wrong_columns_and_types_are_named()
    {
        var view = Birds.ToDataView();
        using var cursor = view.GetRowCursor([view.Schema[EmbeddingColumns.Weight]]);
        Assert.Equal(
            "column Name was not asked for when this cursor was opened; name it among the columns needed",
            Assert.Throws<InvalidOperationException>(
                () => cursor.GetGetter<ReadOnlyMemory<char>>(view.Schema[EmbeddingColumns.Name])).Message);
        Assert.Equal(
            "column Weight holds Single, which is read as Single, not as Double",
            Assert.Throws<InvalidOperationException>(() => cursor.GetGetter<double>(view.Schema[EmbeddingColumns.Weight])).Message);
    }

    private static IEnumerable<string> SlotNames(IDataView view, string column)
    {
        var names = default(VBuffer<ReadOnlyMemory<char>>);
        view.Schema[column].GetSlotNames(ref names);
        return names.DenseValues().Select(name => name.ToString());
    }

    private sealed class Bird
    {
        public float[] Embedding { get; set; } = [];

        [KeyType(2)]
        public uint Label { get; set; }

        public float Weight { get; set; }

        public string Name { get; set; } = "";
    }
}
