using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.MLNet;

/// <summary>
/// A base and the leaves of many trees, per score. ONNX has an operator for it, TreeEnsembleRegressor of ai.onnx.ml. ML.NET's
/// own converter uses it too, in graphs of one row and of operator sets of its choice; tests hold the two against each other.
/// </summary>
internal sealed record TreeScores(int Width, double[] Base, IReadOnlyList<ScoreTree> Trees) : IScores
{
    private const string Domain = "ai.onnx.ml";

    public int Outputs => Base.Length;

    public bool AllFinite => Array.TrueForAll(Base, double.IsFinite) && Trees.All(tree => Array.TrueForAll(tree.Leaves, leaf => float.IsFinite((float)leaf)));

    // Sums are float64, as ML.NET's.
    public void Score(IRows rows, Matrix scores) => Parallel.For(0, rows.Count, i =>
    {
        var row = rows[i];
        Span<double> sums = Outputs <= 128 ? stackalloc double[Outputs] : new double[Outputs];
        sums.Clear();
        foreach (var tree in Trees)
        {
            sums[tree.Output] += tree.Value(row);
        }

        for (int c = 0; c < sums.Length; c++)
        {
            scores.Row(i)[c] = (float)(sums[c] + Base[c]);
        }
    });

    public string Write(GraphBuilder builder, string embedding)
    {
        var node = new NodeProto { OpType = "TreeEnsembleRegressor", Domain = Domain, Name = "head_trees" };
        node.Input.Add(embedding);
        node.Output.Add(builder.Reserve("head_tree_scores"));
        node.Attribute.Add(new AttributeProto { Name = "n_targets", Type = AttributeProto.Types.AttributeType.Int, I = Outputs });

        // The operator wants a tree, though none may have found a split.
        AddTrees(node, Trees.Count > 0 ? Trees : [new ScoreTree(0, [0], [0], [~0], [~0], [0])]);
        builder.Put(node);
        builder.Import([new OperatorSetIdProto { Domain = Domain, Version = 1 }], irVersion: 4);

        // Not as the operator's base_values: ONNX Runtime leaves them out for a target that no tree adds to.
        return builder.Node(
            "Add", [node.Output[0], builder.Floats("head_base", Array.ConvertAll(Base, value => (float)value), Outputs)], "head_scores");
    }

    // Inner nodes keep their numbers, leaf l of a tree of n inner nodes becomes node n + l.
    private static void AddTrees(NodeProto node, IReadOnlyList<ScoreTree> trees)
    {
        AttributeProto Ints(string name) => Attribute(node, name, AttributeProto.Types.AttributeType.Ints);
        AttributeProto Floats(string name) => Attribute(node, name, AttributeProto.Types.AttributeType.Floats);
        var (treeIds, nodeIds, features, yes, no) =
            (Ints("nodes_treeids"), Ints("nodes_nodeids"), Ints("nodes_featureids"), Ints("nodes_truenodeids"), Ints("nodes_falsenodeids"));
        var (thresholds, modes) = (Floats("nodes_values"), Attribute(node, "nodes_modes", AttributeProto.Types.AttributeType.Strings));
        var (leafTrees, leafNodes, leafTargets, leaves) =
            (Ints("target_treeids"), Ints("target_nodeids"), Ints("target_ids"), Floats("target_weights"));
        var (branch, leafMode) = (Google.Protobuf.ByteString.CopyFromUtf8("BRANCH_LEQ"), Google.Protobuf.ByteString.CopyFromUtf8("LEAF"));

        void Add(int tree, int id, int feature, float threshold, int left, int right, Google.Protobuf.ByteString mode)
        {
            treeIds.Ints.Add(tree);
            nodeIds.Ints.Add(id);
            features.Ints.Add(feature);
            thresholds.Floats.Add(threshold);
            yes.Ints.Add(left);
            no.Ints.Add(right);
            modes.Strings.Add(mode);
        }

        for (int t = 0; t < trees.Count; t++)
        {
            var tree = trees[t];
            int inner = tree.Features.Length;
            int Id(int child) => child < 0 ? inner + ~child : child;
            for (int i = 0; i < inner; i++)
            {
                Add(t, i, tree.Features[i], tree.Thresholds[i], Id(tree.Left[i]), Id(tree.Right[i]), branch);
            }

            for (int l = 0; l < tree.Leaves.Length; l++)
            {
                Add(t, inner + l, 0, 0, 0, 0, leafMode);
                leafTrees.Ints.Add(t);
                leafNodes.Ints.Add(inner + l);
                leafTargets.Ints.Add(tree.Output);
                leaves.Floats.Add((float)tree.Leaves[l]);
            }
        }
    }

    private static AttributeProto Attribute(NodeProto node, string name, AttributeProto.Types.AttributeType type)
    {
        var attribute = new AttributeProto { Name = name, Type = type };
        node.Attribute.Add(attribute);
        return attribute;
    }
}
